"""Takes the ELF kernel out of an x86 bzImage: QEMU starts it directly (PVH), without the decompressor,
which takes half of a boot under emulation.

Usage: vmlinux.py BZIMAGE VMLINUX
"""

import lzma
import pathlib
import sys


def main() -> None:
    image = pathlib.Path(sys.argv[1]).read_bytes()
    # Documentation/arch/x86/boot.rst: setup_sects, payload_offset, payload_length.
    setup = (image[0x1F1] or 4) + 1
    at = setup * 512 + int.from_bytes(image[0x248:0x24C], "little")
    payload = image[at:at + int.from_bytes(image[0x24C:0x250], "little")]
    if not payload.startswith(b"\xfd7zXZ"):
        sys.exit("the kernel is not compressed with xz")
    # The size of the unpacked kernel follows the stream.
    kernel = lzma.LZMADecompressor(lzma.FORMAT_XZ).decompress(payload)
    if not kernel.startswith(b"\x7fELF"):
        sys.exit("what was unpacked is not an ELF file")
    pathlib.Path(sys.argv[2]).write_bytes(kernel)


if __name__ == "__main__":
    main()
