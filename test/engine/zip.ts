import { crc32 } from 'node:zlib';

/** Returns a zip archive with one stored file, as the code of a function. */
export function zipOf(name: string, content: string | Uint8Array): Uint8Array {
  const bytes = Buffer.from(content);
  const file = Buffer.from(name);
  const sizes = Buffer.alloc(12);
  sizes.writeUInt32LE(crc32(bytes), 0);
  sizes.writeUInt32LE(bytes.length, 4);
  sizes.writeUInt32LE(bytes.length, 8);
  const version = Buffer.from([20, 0]);
  const flagsMethodTime = Buffer.alloc(8);
  const nameLength = Buffer.from([file.length, 0]);
  const common = Buffer.concat([version, flagsMethodTime, sizes, nameLength, Buffer.alloc(2)]);
  const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, file, bytes]);
  const attributes = Buffer.alloc(14);
  attributes.writeUInt32LE((0o100644 << 16) >>> 0, 6);
  const central = Buffer.concat([Buffer.from('PK\x01\x02', 'latin1'), Buffer.from([20, 3]), common, attributes, file]);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, central, end]);
}
