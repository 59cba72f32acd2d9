import { expect, test } from "vitest";
import { unplayable } from "../src/lib/codecs";

test("what is not played is to be made as H.264 or VP9", () => {
  const said = unplayable("mpeg4", "mp4");
  expect(said).toMatch(/^This browser does not play the codec mpeg4 in mp4\. Make it again as H\.264/);
  expect(said).toContain("libvpx-vp9");
});

test("H.264 is not to be made again as H.264", () => {
  expect(unplayable("h264", "mp4")).not.toContain("libx264");
});

test("a file that says nothing of itself is a file", () => {
  expect(unplayable(undefined, undefined)).toMatch(/^This browser does not play this file in this container\./);
});
