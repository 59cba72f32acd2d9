/** What to say of a film that a browser does not play. */

const AS_H264 = "as H.264 in mp4 (yuv420p): ffmpeg -i clip -c:v libx264 -pix_fmt yuv420p out.mp4";
const AS_VP9 = "as VP9 in webm: ffmpeg -i clip -c:v libvpx-vp9 out.webm";

export function unplayable(codec: unknown, format: unknown): string {
  const what = `This browser does not play ${codec ? `the codec ${String(codec)}` : "this file"} in ${String(format ?? "this container")}.`;
  // H.264 belongs to the system in some browsers: the file is good, and asking for the same again would not help.
  return codec === "h264" ? `${what} Others do. Or make it again ${AS_VP9}` : `${what} Make it again ${AS_H264}, or ${AS_VP9}`;
}
