// The cost ledger as a file for spreadsheets.

import { callBytes } from '$lib/store/connection';

export async function saveCsv(days: number): Promise<void> {
  const csv = await callBytes('gateway.export_costs', { days });
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([csv], { type: 'text/csv' }));
  link.download = 'av-studio-costs.csv';
  link.click();
  // The download has begun by then; at once would be too early for some web views.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
