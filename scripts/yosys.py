"""Runs Yosys (`pyosys`, `scripts/setup --synthesis`) and holds the mapping scripts of both families.

`synthesis` and `bitstream` share it: what is measured and what is placed go the same way.
"""

import pathlib
import re
import resource
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PYTHON = ROOT / ".venv/bin/python"
MEMORY_LIMIT = 12 << 30
# The last line of a log that is whole.
END = "tautline: end of script"
RUN = "import sys; from pyosys import libyosys; libyosys.run_pass('script ' + sys.argv[1], libyosys.Design())"


class Failure(Exception):
    """Yosys did not do what was asked."""


def file_list(path: str) -> list[str]:
    """The sources that a list names, packages first."""
    files = []
    for line in (ROOT / path).read_text().splitlines():
        line = re.sub(r"(//|#).*", "", line).strip()
        if line:
            files.append(line)
    return files


def version() -> str:
    code = "from importlib.metadata import version; print(version('pyosys'))"
    found = subprocess.run([PYTHON, "-c", code], capture_output=True, text=True, check=False)
    if found.returncode != 0:
        raise Failure("pyosys is not installed: scripts/setup --synthesis")
    return f"Yosys {found.stdout.strip()}"


def share() -> pathlib.Path:
    """Where Yosys keeps its libraries of cells."""
    code = "import pathlib, pyosys; print(pathlib.Path(pyosys.__file__).parent / 'share')"
    found = subprocess.run([PYTHON, "-c", code], capture_output=True, text=True, check=True)
    return pathlib.Path(found.stdout.strip())


def run(script: str, name: str, directory: pathlib.Path, products: list[str], seconds: int) -> str:
    """Runs a script with the repository as working directory; returns the log.

    Status 0 is not believed: the products must be there, and the log must reach its end.
    """
    version()
    path, log = directory / f"{name}.ys", directory / f"{name}.log"
    path.write_text(f"{script.strip()}\nlog {END}\n")
    for product in products:
        (directory / product).unlink(missing_ok=True)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))

    print(f"{name}: started", flush=True)
    start, shown = time.monotonic(), ""
    with log.open("w") as output:
        with subprocess.Popen([PYTHON, "-c", RUN, path], cwd=ROOT, stdout=output,
                              stderr=subprocess.STDOUT, preexec_fn=limit) as process:
            while True:
                try:
                    process.wait(timeout=15)
                    break
                except subprocess.TimeoutExpired:
                    steps = re.findall(r"^[\d.]+ Executing .*", log.read_text(errors="replace"),
                                       re.MULTILINE)
                    if steps and steps[-1] != shown:
                        shown = steps[-1]
                        print(f"{name}: {time.monotonic() - start:.0f} s, {shown}", flush=True)
    text = log.read_text(errors="replace")
    missing = [p for p in products if not (directory / p).exists()]
    if process.returncode != 0 or missing or END not in text:
        tail = "\n".join(text.splitlines()[-12:])
        raise Failure(f"{tail}\nYosys failed with status {process.returncode}, see {log}; "
                      f"not written: {', '.join(missing) or 'nothing'}")
    print(f"{name}: done in {time.monotonic() - start:.0f} s", flush=True)
    return text


def read(files: list[str], top: str, parameters: list[str], defines: list[str] | None = None) -> str:
    """Reads the SystemVerilog; modules stay apart."""
    generics = " ".join(f"-G {p}" for p in parameters)
    macros = " ".join(f"-D {d}" for d in ["SYNTHESIS", *(defines or [])])
    return f"""
read_slang -j 1 --keep-hierarchy {macros} -I rtl/common --top {top} {generics} {' '.join(files)}
hierarchy -check -top {top}
"""


# The families' own scripts, but for two things. `share` is left out: on these decision trees it takes
# gigabytes and does not end. And what the source leaves undefined is settled before anything is built
# of it: a branch that gives x goes before comparisons and adders are mapped, not after.
SETTLE = "opt_expr -mux_undef -undriven\nopt_clean\n"


def coarse(flatten: bool) -> str:
    """From processes to word-level cells and memories."""
    return f"""
proc -latches error
{'flatten' if flatten else ''}
{SETTLE}
opt -nodffe -nosdff -mux_undef
fsm
opt -mux_undef
wreduce
peepopt
opt_clean
"""


def map_ecp5(top: str, flatten: bool, memories: str, delay_ps: int | None = None) -> str:
    """A read design to the cells of an ECP5; what no RAM took goes to the file `memories`.

    A flat design is mapped with delays in mind, as fast as can be or, which is smaller, to `delay_ps`
    without wires; one with its hierarchy is mapped module by module.
    """
    synth = f"synth_ecp5 -top {top} -run"
    widths = " ".join(f"-D DSP_{p}_M{m}WIDTH={w}" for m, w in (("AX", 18), ("IN", 2)) for p in "AB")
    # ABC9's proof of its own result takes longer than all the rest; the netlist is simulated instead.
    target = f" -D {delay_ps}" if delay_ps else ""
    luts = (f"scratchpad -set abc9.verify 0\nabc9 -W 300{target}" if flatten
            else "abc -dress -lut 4:7")
    return f"""
{synth} begin:coarse
{coarse(flatten)}
techmap -map +/cmp2lut.v -D LUT_WIDTH=4
opt_expr
opt_clean
techmap -map +/mul2dsp.v -map +/lattice/dsp_map_18x18.v {widths} -D DSP_NAME=$__MUL18X18
chtype -set $mul t:$__soft_mul
alumacc
opt -mux_undef
memory -nomap
opt_clean
{synth} map_ram:map_ffram
dump -o {memories} t:$mem_v2
{synth} map_ffram:map_luts
{luts}
clean
{synth} map_cells:check
blackbox =A:whitebox
"""


def map_xilinx(top: str, flatten: bool, memories: str, delay_ps: int | None = None) -> str:
    """The same to the cells of the 7 series, without pads and clock buffers."""
    synth = f"synth_xilinx -family xc7 -noiopad -noclkbuf -top {top} -run"
    costs = "-luts 2:2,3,6:5,10,20"
    target = f" -D {delay_ps}" if delay_ps else ""
    luts = (f"scratchpad -set abc9.verify 0\nabc9 -W 300 {costs}{target}" if flatten
            else f"abc {costs}")
    return f"""
{synth} begin:prepare
{coarse(flatten)}
pmux2shiftx
clean
{synth} map_dsp:coarse
techmap -map +/cmp2lut.v -map +/cmp2lcu.v -D LUT_WIDTH=6
alumacc
opt -mux_undef
memory -nomap
opt_clean
{synth} map_memory:map_ffram
dump -o {memories} t:$mem_v2
{synth} map_ffram:map_luts
opt_expr -mux_undef -noclkinv
{luts}
clean
xilinx_srl -fixed -minlen 3
techmap -map +/xilinx/lut_map.v -map +/xilinx/cells_map.v -D LUT_WIDTH=6
xilinx_dffopt
opt_lut_ins -tech xilinx
clean
blackbox =A:whitebox
"""


# The USB engine as ECP5 boards hold it. Its clock is slow, so its logic is mapped to be small; what is
# around it, MAC and UART, is mapped to be fast.
ENGINE_TOP = "tl_usb_engine"
ENGINE_DELAY_PS = 30_000


def engine_parameters(flows: int) -> list[str]:
    return [f"Flows={flows}", "TxRingLog2=12", "RxFifoBytes=8192"]


def usb_engine(directory: pathlib.Path, flows: int, seconds: int) -> None:
    """Maps the USB engine: `engine.il` to be placed in a board, `engine.v` for a simulator."""
    directory.mkdir(parents=True, exist_ok=True)
    run(f"""
{read(file_list("rtl/top/rtl.f"), ENGINE_TOP, engine_parameters(flows))}
{map_ecp5(ENGINE_TOP, True, f"{directory}/memories.il", ENGINE_DELAY_PS)}
check -assert
delete t:$scopeinfo
write_rtlil {directory}/engine.il
write_verilog -noattr {directory}/engine.v
tee -q -o {directory}/engine.stat stat
""", "engine", directory, ["engine.il", "engine.v"], seconds)
