/** Waits until a file's content, or a folder's names, are on the disk and not only on their way to it. fsync(2) */
export async function syncToDisk(path: string): Promise<void> {
  // It opens no folders.
  if (Deno.build.os === "windows") return;
  using file = await Deno.open(path);
  await file.sync();
}
