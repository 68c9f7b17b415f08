"""A Debian kernel under QEMU's software emulation, with a shell on its serial port.

`scripts/vm fetch` has put the kernel and the QEMUs under TAUTLINE_BUILD/vm. A guest that is lost raises:
QEMU ends with status 0 also when the kernel has died, so only what the guest itself says counts.
"""

import os
import pathlib
import queue
import re
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "links"))

from vfio_user import VfioUser  # noqa: E402,F401
import support  # noqa: E402
from support import BUILD  # noqa: E402

VM = BUILD / "vm"
BOOT = 120.0  # of a guest on a machine with other work; it takes 4 s on an idle one
MODULES = ("vfio-pci", "vfio_iommu_type1", "e1000e")

INIT = """#!/bin/sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
stty -echo
for module in $(cat /modules); do insmod $module || echo "insmod $module failed"; done
echo "GUEST-READY"
while read -r line; do eval "$line"; done
echo o > /proc/sysrq-trigger
sleep 60
"""


def cpio(files: dict[str, tuple[int, bytes]]) -> bytes:
    """An initramfs (the "newc" format): mode and contents by name."""
    archive = bytearray()
    for number, (name, (mode, data)) in enumerate({**files, "TRAILER!!!": (0, b"")}.items(), 1):
        fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
        archive += b"070701" + b"".join(b"%08X" % f for f in fields) + name.encode() + b"\0"
        archive += b"\0" * (-len(archive) % 4) + data
        archive += b"\0" * (-len(archive) % 4)
    return bytes(archive)


def libraries(program: pathlib.Path) -> set[pathlib.Path]:
    """What the loader would load, and the loader."""
    listing = support.run("ldd", str(program), check=False)
    return {pathlib.Path(p) for p in re.findall(r"(/\S+)", listing)}


def module_files(wanted: tuple[str, ...]) -> list[pathlib.Path]:
    """The modules' files, each after those that it depends on."""
    found = {p.stem.replace("-", "_"): p for p in (VM / "guest/lib/modules").rglob("*.ko")}
    files: list[pathlib.Path] = []

    def add(name: str) -> None:
        path = found[name.replace("-", "_")]
        if path in files:
            return
        depends = re.search(rb"\0depends=([^\0]*)\0", path.read_bytes())
        for other in (depends[1].decode().split(",") if depends and depends[1] else []):
            add(other)
        files.append(path)

    for name in wanted:
        add(name)
    return files


def initramfs(programs: list[pathlib.Path], modules: tuple[str, ...]) -> bytes:
    directories = {"bin", "dev", "proc", "sys", "tmp", "modules.d"}
    files: dict[str, tuple[int, bytes]] = {}

    def put(name: str, data: bytes, mode: int = 0o100755) -> None:
        parent = pathlib.PurePosixPath(name).parent
        while str(parent) != ".":
            directories.add(str(parent))
            parent = parent.parent
        files[name] = (mode, data)

    put("init", INIT.encode())
    put("bin/busybox", (VM / "guest/bin/busybox").read_bytes())
    put("bin/sh", b"busybox", 0o120777)
    loaded = module_files(modules)
    for module in loaded:
        put(f"modules.d/{module.name}", module.read_bytes(), 0o100644)
    put("modules", "".join(f"/modules.d/{m.name}\n" for m in loaded).encode(), 0o100644)
    for program in programs:
        with tempfile.NamedTemporaryFile() as stripped:  # symbols would fill the guest's memory
            support.run("strip", "-o", stripped.name, str(program))
            put(f"bin/{program.name}", pathlib.Path(stripped.name).read_bytes())
        for library in libraries(program):
            put(str(library).lstrip("/"), library.read_bytes())
    return cpio({**{d: (0o040755, b"") for d in sorted(directories)}, **files})


class Guest:
    """One boot."""

    def __init__(self, test: support.SystemTest, qemu: str, devices: list[str], *,
                 programs: tuple[str, ...] = ("tautline",), modules: tuple[str, ...] = MODULES,
                 iommu: str = "intremap=on", command_line: str = "intel_iommu=on",
                 machine: str = "q35"):
        directory = test.directory
        image = directory / "initramfs"
        image.write_bytes(initramfs([BUILD / "bin" / p for p in programs], modules))
        root = VM / qemu
        loader = next(p for p in (root / "usr/lib64/ld-linux-x86-64.so.2",
                                  root / "lib64/ld-linux-x86-64.so.2") if p.exists())
        folders = [root / d / "x86_64-linux-gnu" for d in ("usr/lib", "lib")]
        command = [str(loader), "--library-path", ":".join(str(f) for f in folders),
                   str(root / "usr/bin/qemu-system-x86_64"), "-L", str(root / "usr/share/qemu"),
                   "-L", str(root / "usr/share/seabios"),
                   "-M", f"{machine},accel=tcg,kernel-irqchip=split", "-cpu", "max", "-m", "256M",
                   "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
                   "-serial", "stdio", "-kernel", str(VM / "guest/vmlinux"), "-initrd", str(image),
                   # Under load the kernel would find that its timer does not tick, and die.
                   "-append", f"console=ttyS0 quiet panic=-1 no_timer_check {command_line}"]
        if iommu:
            command += ["-device", f"intel-iommu,{iommu}"]
        for device in devices:
            command += device.split(" ", 1)
        self.console: list[str] = []
        self.log_path = directory / "console.log"
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._number = 0
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace",
            env={**os.environ, "QEMU_MODULE_DIR": str(folders[0] / "qemu")})
        test.addCleanup(self.end)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self.wait_for("GUEST-READY", BOOT)

    def _read(self) -> None:
        with open(self.log_path, "w", encoding="utf-8") as copy:
            for line in self.process.stdout:
                copy.write(line)
                copy.flush()
                self._lines.put(line.rstrip())
        self._lines.put(None)

    def wait_for(self, pattern: str, limit: float = support.DEADLINE) -> list[str]:
        """The lines up to the one that matches; raises if the guest is lost or takes too long."""
        end = time.monotonic() + limit
        seen: list[str] = []
        while True:
            try:
                line = self._lines.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"the guest did not say '{pattern}' in {limit} s:\n" +
                                     "\n".join(self.console[-40:])) from None
            if line is None:
                raise AssertionError(f"the guest was lost before it said '{pattern}':\n" +
                                     "\n".join(self.console[-40:]))
            self.console.append(line)
            seen.append(line)
            if re.search(pattern, line):
                return seen

    def say(self, line: str) -> None:
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def run(self, command: str, limit: float = support.DEADLINE) -> tuple[int, str]:
        """The command's status and output, by the guest's own word."""
        self._number += 1
        self.say(f"{command}; echo \"DONE-{self._number} $?\"")
        lines = self.wait_for(rf"^DONE-{self._number} \d+$", limit)
        return int(lines[-1].split()[1]), "\n".join(lines[:-1])

    def check(self, command: str, limit: float = support.DEADLINE) -> str:
        status, output = self.run(command, limit)
        if status != 0:
            raise AssertionError(f"{command}: status {status}\n{output}")
        return output

    def start(self, command: str) -> None:
        """In the background; its process is $! in the guest."""
        self.say(f"{command} &")

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join()
        self.process.stdin.close()
        self.process.stdout.close()


def fetched() -> bool:
    return all((VM / part).exists() for part in ("guest/vmlinux", "qemu7", "qemu11"))
