#!/usr/bin/env python3
"""Runs Verilator and joins its output into a fixed number of sources.

Verilator decides only while it runs how many files it writes; a build system wants to know before.
The generated classes are therefore included by `fast_0.cpp` ... and the code that runs once by `slow.cpp`.
"""

import argparse
import pathlib
import re
import subprocess
import sys


def object_list(makefile: str, name: str) -> list[str]:
    match = re.search(rf"^{name} \+= \\\n((?:\t.*\n)*)", makefile, re.MULTILINE)
    return re.findall(r"[\w.]+", match.group(1)) if match else []


def settle_while_low(sources: list[pathlib.Path], clock: str) -> None:
    """Verilator settles the paths from inputs at every evaluation. Where inputs change only while the
    clock is low, these are settled when it rises."""
    always = "(0U == vlSelf->__VicoIterCount)"
    for path in sources:
        text = path.read_text()
        if f"__VicoTriggered.at(0U) = {always};" in text:
            low = f"({always} & (~ (IData)(vlSelf->{clock})))"
            path.write_text(text.replace(f"= {always};", f"= {low};"))


def write_if_changed(path: pathlib.Path, text: str) -> None:
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
    else:
        path.touch()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", type=pathlib.Path, required=True)
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--parts", type=int, default=1)
    parser.add_argument("--depfile", type=pathlib.Path, required=True)
    parser.add_argument("--settle-while-low", metavar="CLOCK",
                        help="all inputs change only while this clock is low")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="-- verilator and its arguments")
    args = parser.parse_args()
    command = args.command[1:] if args.command[:1] == ["--"] else args.command

    directory: pathlib.Path = args.directory
    directory.mkdir(parents=True, exist_ok=True)
    for old in directory.glob(f"{args.prefix}*"):
        old.unlink()
    result = subprocess.run(command, check=False)
    if result.returncode != 0:
        return result.returncode

    classes = (directory / f"{args.prefix}_classes.mk").read_text()
    fast = object_list(classes, "VM_CLASSES_FAST") + object_list(classes, "VM_SUPPORT_FAST")
    slow = object_list(classes, "VM_CLASSES_SLOW") + object_list(classes, "VM_SUPPORT_SLOW")

    if args.settle_while_low:
        settle_while_low([directory / f"{name}.cpp" for name in fast], args.settle_while_low)

    # Largest first into the emptiest part: all parts take about the same time to compile.
    parts: list[list[str]] = [[] for _ in range(args.parts)]
    sizes = [0] * args.parts
    by_size = sorted(fast, key=lambda name: -(directory / f"{name}.cpp").stat().st_size)
    for name in by_size:
        part = sizes.index(min(sizes))
        parts[part].append(name)
        sizes[part] += (directory / f"{name}.cpp").stat().st_size
    for number, names in enumerate(parts):
        text = "".join(f'#include "{name}.cpp"\n' for name in sorted(names))
        write_if_changed(directory / f"fast_{number}.cpp", text)
    write_if_changed(directory / "slow.cpp", "".join(f'#include "{name}.cpp"\n' for name in slow))

    # Verilator's own list of inputs, under the name of the output that the build system asks for.
    inputs = (directory / f"{args.prefix}__ver.d").read_text().split(":", 1)[1].split()
    sources = [str(pathlib.Path(name).resolve()) for name in inputs]
    args.depfile.write_text(f"{directory / 'fast_0.cpp'}: {' '.join(sorted(set(sources)))}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
