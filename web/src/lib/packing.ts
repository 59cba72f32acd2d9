/** Panels in rows that are always full: no holes, whatever their number. */

/**
 * Rows of indices. Weights are in columns. A row that has room left takes the next panel that fits it, and the rows
 * share the panels evenly: seven in three columns are 3, 2 and 2.
 */
export function packRows(weights: number[], columns: number): number[][] {
  const sizes = weights.map((weight) => Math.min(weight, columns));
  const waiting = Array.from(weights.keys());
  const rows: number[][] = [];
  while (waiting.length) {
    const left = waiting.reduce((sum, index) => sum + sizes[index], 0);
    const target = Math.ceil(left / Math.ceil(left / columns));
    const row: number[] = [];
    let room = Math.max(target, sizes[waiting[0]]);
    for (let i = 0; i < waiting.length && room > 0; ) {
      const size = sizes[waiting[i]];
      if (size > room) {
        i += 1;
        continue;
      }
      room -= size;
      row.push(...waiting.splice(i, 1));
    }
    rows.push(row);
  }
  return rows;
}
