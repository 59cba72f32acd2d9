import { describe, expect, it } from "vitest";
import { lastAtOrBefore, monotone, nextRow, shownAt } from "../src/lib/steps";

describe("lastAtOrBefore", () => {
  it.each([
    [[0, 10, 20], 15, 1],
    [[0, 10, 20], 10, 1],
    [[0, 10, 20], -1, -1],
    [[0, 10, 20], 99, 2],
    [[], 5, -1],
    [[3, 3, 3], 3, 2],
  ])("%j at %d is %d", (values, wanted, expected) => {
    expect(lastAtOrBefore(values, wanted)).toBe(expected);
  });
});

describe("shownAt", () => {
  const entries = [4, 8].map((row) => ({ row, value: row }));

  it("shows nothing before the first entry, and says where that is", () => {
    expect(shownAt(entries, 3)).toEqual({ entry: null, position: -1, held: false, first: 4 });
  });

  it("shows an entry at its own row, not held", () => {
    expect(shownAt(entries, 4)).toMatchObject({ position: 0, held: false });
  });

  it("holds the last entry", () => {
    expect(shownAt(entries, 7)).toMatchObject({ position: 0, held: true });
    expect(shownAt(entries, 100)).toMatchObject({ position: 1, held: true });
  });

  it("knows that there is none at all", () => {
    expect(shownAt([], 3)).toEqual({ entry: null, position: -1, held: false, first: -1 });
  });
});

describe("nextRow", () => {
  it.each([
    [[0, 10, 20], 0, 1, 10],
    [[0, 10, 20], 5, 1, 10],
    [[0, 10, 20], 5, -1, 0],
    [[0, 10, 20], 10, -1, 0],
    [[0, 10, 20], 20, 1, 20],
    [[0, 10, 20], 25, 1, 25],
    [[0, 10, 20], 25, -1, 20],
    [[5], 2, -1, 2],
    [[0, 10, 20, 30], 30, -10, 0],
    [[0, 10, 20, 30], 0, 10, 30],
    [[], 7, 1, 7],
  ])("%j from %d by %d is %d", (rows, row, by, expected) => {
    expect(nextRow(rows, row, by)).toBe(expected);
  });
});

it("an axis that runs back is not monotone; gaps do not matter", () => {
  expect(monotone([1, 2, 2, 3])).toBe(true);
  expect(monotone([NaN, 1, NaN, 2])).toBe(true);
  expect(monotone([1, 3, 2])).toBe(false);
});
