// The router's policy as the settings keep it, and back. Pure.

import { BALANCED, PARTS } from './modelFacts';
import type { PartWeights, Policy, Setting } from './types';

export type PolicyName = Extract<Policy, string> | 'custom';

export interface Choice {
  name: PolicyName;
  /** What `custom` weighs. */
  weights: PartWeights;
}

const KEY = 'models.policy';
const weightKey = (part: keyof PartWeights) => `models.weight_${part}`;

export function choiceOf(settings: Setting[]): Choice {
  const value = (key: string) => settings.find((setting) => setting.key === key)?.value;
  const weights = { ...BALANCED };
  for (const { key } of PARTS) {
    const kept = value(weightKey(key));
    if (typeof kept === 'number') weights[key] = kept;
  }
  return { name: (value(KEY) as PolicyName | undefined) ?? 'balanced', weights };
}

/** Whether own weights can be made the policy of all conversations. */
export function keepsWeights(settings: Setting[]): boolean {
  const choices = settings.find(({ key }) => key === KEY)?.choices ?? [];
  return choices.includes('custom');
}

/** As the operations take it. */
export function policyOf({ name, weights }: Choice): Policy {
  return name === 'custom' ? { custom: weights } : name;
}

export function isSame(a: Choice, b: Choice): boolean {
  if (a.name !== b.name) return false;
  return a.name !== 'custom' || PARTS.every(({ key }) => a.weights[key] === b.weights[key]);
}

/** The settings to change so that this becomes the policy, the policy itself last. */
export function changesFor(choice: Choice): [key: string, value: string | number][] {
  const weights = PARTS.map(({ key }): [string, number] => [weightKey(key), choice.weights[key]]);
  return [...(choice.name === 'custom' ? weights : []), [KEY, choice.name]];
}

/** The router's page edits these, with what comes of them. */
export function isWeight(key: string): boolean {
  return PARTS.some((part) => weightKey(part.key) === key);
}
