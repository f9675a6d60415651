/** Waits until a file's content, or a folder's names, are on the disk and not only on their way to it. fsync(2) */
export async function syncToDisk(path: string): Promise<void> {
  // It opens no folders.
  if (Deno.build.os === "windows") return;
  using file = await Deno.open(path);
  await file.sync();
}

/** Bytes of a file, 0 where there is none. */
export async function fileSize(path: string): Promise<number> {
  return await Deno.stat(path).then(({ size }) => size, () => 0);
}

/** Bytes of a database's file and its write-ahead log. */
export async function databaseSize(path: string): Promise<number> {
  return await fileSize(path) + await fileSize(`${path}-wal`);
}
