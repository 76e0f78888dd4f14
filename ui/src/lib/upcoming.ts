// What newer studios answer and the generated types do not hold yet. Each line goes when they do.

import type { CostReport, CostTotal } from './types';

export type NewCostReport = CostReport & { by_key?: CostTotal[] };
