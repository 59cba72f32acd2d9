/** Panels in rows that are always full: no holes, whatever their number. */

/** Rows of indices. Weights are in columns; the panels of the last rows are shared out evenly. */
export function packRows(weights: number[], columns: number): number[][] {
  const total = weights.reduce((sum, weight) => sum + Math.min(weight, columns), 0);
  if (!weights.length) return [];
  const count = Math.ceil(total / columns);
  const target = total / count;
  const rows: number[][] = [];
  let row: number[] = [];
  let filled = 0;
  weights.forEach((weight, index) => {
    const size = Math.min(weight, columns);
    const over = filled + size > columns;
    const enough = filled >= target - 1e-9 && rows.length < count - 1;
    if (row.length && (over || enough)) {
      rows.push(row);
      [row, filled] = [[], 0];
    }
    row.push(index);
    filled += size;
  });
  rows.push(row);
  return rows;
}
