/** Keeps the option that is chosen by keyboard in sight: `{@attach revealed(option === chosen)}`. */
export function revealed(isChosen: boolean) {
  return (option: HTMLElement) => {
    if (isChosen) option.scrollIntoView({ block: 'nearest' });
  };
}
