#!/usr/bin/env python3
"""Generates everything that follows from tautline.rdl.

  generate.py           writes the generated files
  generate.py --check   compares them with what the description says; exit 1 on drift

Needs the packages in requirements.txt.
"""

import argparse
import hashlib
import pathlib
import re
import sys
import tempfile
import textwrap

from peakrdl_regblock import RegblockExporter
from peakrdl_regblock.cpuif.axi4lite import AXI4Lite_Cpuif_flattened
from peakrdl_regblock.udps import ALL_UDPS
from systemrdl import RDLCompiler
from systemrdl.node import FieldNode, RegfileNode, RegNode

HERE = pathlib.Path(__file__).resolve().parent
REPO = HERE.parent.parent
RDL = HERE / "tautline.rdl"
PACKAGE = REPO / "rtl/common/tautline_pkg.sv"
STREAM_PAGE = "docs/usb.md"

MESSAGES = ["command", "status_entry", "completion_entry", "link_error_entry", "doorbell",
            "push_line"]
# Frames of the byte-stream links.
STREAM_MESSAGES = ["stream_header", "stream_hello", "stream_write", "stream_read", "stream_value",
                   "stream_send", "stream_place", "stream_deliver"]
# Enumeration of the description -> (type in tautline_pkg, prefix of its names there).
SHARED_ENUMS = {
    "state_e": "ST_", "cause_e": "CAUSE_", "cmd_e": "CMD_", "opt_e": "OPT_", "rc_e": "RC_",
}
# The others -> (width, prefix of their names in tl_msg_pkg).
LOCAL_ENUMS = {
    "kind_e": (8, "KIND_"), "link_cause_e": (4, "LINK_"), "stream_type_e": (8, "STREAM_"),
}
# Not an enumeration but named numbers, 16 bits each.
CONSTANTS = "stream_const_e"
STREAM_ENUMS = ["stream_type_e", CONSTANTS]
CPP_ENUM_NAMES = {
    "state_e": "State", "cause_e": "Cause", "cmd_e": "Op", "opt_e": "Option", "rc_e": "Result",
    "kind_e": "Kind", "link_cause_e": "LinkCause", "stream_type_e": "StreamType",
}
BANNER = "Generated from rtl/regs/tautline.rdl by rtl/regs/generate.py. Do not edit."


class Field:
    def __init__(self, node: FieldNode):
        self.name = node.inst_name
        self.low, self.high, self.width = node.low, node.high, node.width
        self.sw = node.get_property("sw").name
        self.hw = node.get_property("hw").name
        self.reset = node.get_property("reset")
        self.pulse = bool(node.get_property("singlepulse"))
        self.desc = node.get_property("desc") or ""
        encode = node.get_property("encode")
        self.encode = encode.type_name if encode else None


class Register:
    def __init__(self, node: RegNode):
        self.name = node.inst_name
        self.offset = node.raw_absolute_address
        self.desc = node.get_property("desc") or ""
        self.fields = [Field(f) for f in node.fields()]
        self.fields.sort(key=lambda f: f.low)

    @property
    def reset(self):
        return sum((f.reset or 0) << f.low for f in self.fields)


class Description:
    def __init__(self):
        self.compiler = RDLCompiler()
        for udp in ALL_UDPS:
            self.compiler.register_udp(udp)
        self.compiler.compile_file(str(RDL))
        self.top = self.compiler.elaborate(top_def_name="tl_regs").top
        self.desc = self.top.get_property("desc")
        self.registers, self.counters, self.counter_base = [], [], None
        for child in self.top.children():
            if isinstance(child, RegfileNode):
                self.counter_base = child.absolute_address
                self.counters = [Register(r) for r in child.registers()]
            else:
                self.registers.append(Register(child))
        self.messages = {}
        for name in MESSAGES + STREAM_MESSAGES:
            node = self.compiler.elaborate(top_def_name=name).top
            words = [Register(r) for r in node.registers()]
            names = [f.name for w in words for f in w.fields]
            if len(set(names)) != len(names):
                raise SystemExit(f"{name}: a field name occurs twice")
            self.messages[name] = (node.get_property("desc"), words)
        self.enums = self._enums()
        self.hash = int(hashlib.sha256(self.canonical().encode()).hexdigest()[:8], 16)

    def _enums(self):
        found = {}
        for name in [*SHARED_ENUMS, *LOCAL_ENUMS, CONSTANTS]:
            enum = self.compiler.namespace.lookup_type(name)
            if enum is None:
                raise SystemExit(f"tautline.rdl: enum {name} is missing")
            found[name] = [(m.name, int(m.value), m.rdl_desc or "") for m in enum]
        return found

    def canonical(self):
        """Everything that the two sides must agree on; prose is left out."""
        lines = []

        def put(prefix, register):
            lines.append(f"{prefix}.{register.name} {register.offset:#x}")
            for f in register.fields:
                lines.append(f" {f.name} {f.high}:{f.low} {f.sw} {f.reset or 0:#x} {f.pulse}"
                             f" {f.encode}")

        for register in self.registers:
            put("bar0", register)
        for counter in self.counters:
            put("counter", counter)
        for name, (_, words) in self.messages.items():
            for word in words:
                put(name, word)
        for name, members in self.enums.items():
            lines.append(name + "".join(f" {n}={v}" for n, v, _ in members))
        return "\n".join(lines) + "\n"


def package_enum(text, type_name):
    """Names and values of one enum of tautline_pkg."""
    end = re.search(r"^\s*\}\s*" + type_name + r"\s*;", text, re.M).start()
    start = text.rfind("typedef enum", 0, end)
    body = re.sub(r"//.*", "", text[start:end])
    return [(n, int(v)) for n, v in re.findall(r"(\w+)\s*=\s*(?:\d+'d)?(\d+)", body)]


def compare_with_package(d):
    text = PACKAGE.read_text()
    wanted = {t: [(p + n, v) for n, v, _ in d.enums[t]] for t, p in SHARED_ENUMS.items()}
    wanted["cnt_e"] = [("CNT_" + c.name, (c.offset - d.counter_base) // 4) for c in d.counters]
    for type_name, members in wanted.items():
        if package_enum(text, type_name) != members:
            raise SystemExit(f"{type_name} of tautline_pkg.sv and of tautline.rdl differ")


# ------------------------------------------------------------------------------ SystemVerilog
def sv_register_block(d, out):
    RegblockExporter().export(d.top, str(out), cpuif_cls=AXI4Lite_Cpuif_flattened,
                              module_name="tl_regs", package_name="tl_regs_pkg")
    # The exporter writes every field's struct member, used or not.
    off, on = "/* verilator lint_off UNUSED */\n", "/* verilator lint_on UNUSED */\n"
    for name in ("tl_regs.sv", "tl_regs_pkg.sv"):
        path = out / name
        text = "\n".join(line.rstrip() for line in path.read_text().splitlines())
        text = re.sub(r"\n{3,}", "\n\n", text)
        path.write_text(f"// {BANNER}\n{off}\n{text}\n\n{on}")


def sv_range(width):
    return f"[{width - 1}:0] " if width > 1 else ""


def sv_struct(name, words, total):
    """A message as a packed struct, word 0 lowest."""
    lines, gap, high = [], 0, 32 * total - 1
    fields = [(32 * (w.offset // 4) + f.low, f) for w in words for f in w.fields]

    def fill(width):
        nonlocal gap
        if width:
            lines.append(f"    logic {sv_range(width)}fill{gap};")
            gap += 1

    for low, f in sorted(fields, key=lambda x: -x[0]):
        fill(high - (low + f.width - 1))
        lines.append(f"    logic {sv_range(f.width)}{f.name};")
        high = low - 1
    fill(high + 1)
    text = "\n".join(lines)
    return f"  typedef struct packed {{\n{text}\n  }} {name}_msg_t;\n"


def sv_messages(d):
    parts = [f"// {BANNER}", "// Message layouts and the identity of the map.",
             "`default_nettype none", "", "package tl_msg_pkg;", "",
             "  // Only the register block reads it.",
             "  /* verilator lint_off UNUSEDPARAM */",
             f"  localparam logic [31:0] MapHash = 32'h{d.hash:08X};",
             "  /* verilator lint_on UNUSEDPARAM */", ""]
    for name, (width, prefix) in LOCAL_ENUMS.items():
        members = d.enums[name]
        body = ",\n".join(f"    {prefix}{n} = {width}'d{v}" for n, v, _ in members)
        parts.append(f"  typedef enum logic [{width - 1}:0] {{\n{body}\n  }} {name};\n")
    parts += ["  // Byte-stream links.", "  /* verilator lint_off UNUSEDPARAM */"]
    for n, v, _ in d.enums[CONSTANTS]:
        parts.append(f"  localparam int unsigned Stream{camel(n)} = {v};")
    parts += ["  /* verilator lint_on UNUSEDPARAM */", ""]
    for name in MESSAGES + STREAM_MESSAGES:
        if name == "doorbell":
            continue
        desc, words = d.messages[name]
        total = len_words(name, words)
        parts += textwrap.wrap(desc, 95, initial_indent="  // ", subsequent_indent="  // ")
        parts.append(sv_struct(name, words, total))
    parts += ["endpackage", "", "`default_nettype wire", ""]
    return "\n".join(parts)


def camel(name):
    return "".join(part.capitalize() for part in name.split("_"))


# ------------------------------------------------------------------------------ C++
def cpp_header(d):
    o = [f"// {BANNER}", "#pragma once", "/// \\file",
         "/// Register offsets and message layouts of the engine, as rtl/regs/tautline.rdl says.",
         "// clang-format off", "",
         "#include <cstdint>", "", '#include "tautline/counters.hpp"', "",
         "namespace tautline::regs {", "",
         "using tautline::Counter;", "using tautline::counter_count;",
         "using tautline::counter_names;", "",
         "/// A field of a 32-bit word.", "struct Field {",
         "  std::uint32_t word;  ///< index of the word in its message; 0 in a register",
         "  std::uint32_t shift;", "  std::uint32_t width;",
         "  [[nodiscard]] constexpr std::uint32_t mask() const noexcept {",
         "    return (width == 32 ? ~0u : (1u << width) - 1u) << shift;", "  }",
         "  [[nodiscard]] constexpr std::uint32_t get(std::uint32_t value) const noexcept {",
         "    return (value & mask()) >> shift;", "  }",
         "  [[nodiscard]] constexpr std::uint32_t put(std::uint32_t value) const noexcept {",
         "    return (value << shift) & mask();", "  }",
         "  /// From and into a whole message (anything indexable as 32-bit words).",
         "  template <typename Words>",
         "  [[nodiscard]] constexpr std::uint32_t from(const Words& words) const noexcept {",
         "    return get(words[word]);", "  }",
         "  template <typename Words>",
         "  constexpr void into(Words& words, std::uint32_t value) const noexcept {",
         "    words[word] = (words[word] & ~mask()) | put(value);", "  }", "};", "",
         f"inline constexpr std::uint32_t expected_map_hash = 0x{d.hash:08X};", "",
         "/// Doorbells: doorbell_base + doorbell_stride * slot + 4 * doorbell::<field>.word.",
         "inline constexpr std::uint32_t doorbell_base = 0x10000;",
         "inline constexpr std::uint32_t doorbell_stride = 8;",
         "/// Push lines: BAR 2 at push_line_bytes * slot.",
         "inline constexpr std::uint32_t push_line_bytes = 64;",
         "inline constexpr std::uint32_t status_entry_bytes = 64;", ""]
    for name, members in d.enums.items():
        if name == CONSTANTS:
            o.append("/// Byte-stream links.")
            for n, v, desc in members:
                o.append(f"inline constexpr std::uint32_t stream_{n.lower()} = {v};  ///< {desc}")
            o.append("")
            continue
        o.append(f"enum class {CPP_ENUM_NAMES[name]} : std::uint32_t {{")
        for n, v, desc in members:
            o.append(f"  {n.lower()} = {v}," + (f"  ///< {desc}" if desc else ""))
        o += ["};", ""]
    o.append("// ---------------------------------------------------------------- BAR 0")
    for r in d.registers:
        o.append(f"/// {r.desc}")
        o.append(f"namespace {r.name.lower()} {{")
        o.append(f"inline constexpr std::uint32_t offset = 0x{r.offset:03X};")
        o.append(f"inline constexpr std::uint32_t reset_value = 0x{r.reset:08X};")
        for f in r.fields:
            o.append(f"inline constexpr Field {cpp_field(f.name)}{{0, {f.low}, {f.width}}};"
                     + (f"  ///< {f.desc}" if f.desc else ""))
        o += [f"}}  // namespace {r.name.lower()}", ""]
    o.append("/// Counters: counter_base + 4 * Counter.")
    o.append(f"inline constexpr std::uint32_t counter_base = 0x{d.counter_base:03X};")
    o.append("")
    o.append("// ---------------------------------------------------------------- messages")
    for name, (desc, words) in d.messages.items():
        o.append(f"/// {desc}")
        o.append(f"namespace {name} {{")
        o.append(f"inline constexpr std::uint32_t words = {len_words(name, words)};")
        for w in words:
            for f in w.fields:
                o.append(f"inline constexpr Field {f.name}{{{w.offset // 4}, {f.low}, {f.width}}};"
                         + (f"  ///< {f.desc}" if f.desc else ""))
        o += [f"}}  // namespace {name}", ""]
    o += ["}  // namespace tautline::regs", "// clang-format on", ""]
    return "\n".join(o)


def cpp_counters(d):
    o = [f"// {BANNER}", "#pragma once", "/// \\file",
         "/// What the engine counts: every drop with its reason, every event of the protocol.",
         "// clang-format off", "",
         "#include <array>", "#include <cstdint>", "#include <string_view>", "",
         "namespace tautline {", "",
         f"inline constexpr std::uint32_t counter_count = {len(d.counters)};",
         "/// 32 bits each, from the device's reset on; they wrap. Read by `Stack::device_counter`.",
         "enum class Counter : std::uint32_t {"]
    for c in d.counters:
        index = (c.offset - d.counter_base) // 4
        o.append(f"  {c.name.lower()} = {index}," + (f"  ///< {c.desc}" if c.desc else ""))
    o += ["};", "/// By index.",
          "inline constexpr std::array<std::string_view, counter_count> counter_names{"]
    o += [f'    "{c.name.lower()}",' for c in d.counters] + ["};"]
    o += ["[[nodiscard]] constexpr std::string_view to_string(Counter counter) noexcept {",
          "  return counter_names[static_cast<std::uint32_t>(counter)];", "}", "",
          "}  // namespace tautline", "// clang-format on", ""]
    return "\n".join(o)


def cpp_field(name):
    # <sys/sysmacros.h> makes macros of these two.
    return name + "_version" if name in ("major", "minor") else name


def len_words(name, words):
    return 16 if name.endswith("_entry") else len(words)


# ------------------------------------------------------------------------------ manual page
def manual(d):
    o = ["<!-- " + BANNER + " -->", "# Registers and messages", "", d.desc, "",
         f"Map hash 0x{d.hash:08X}. Access: rw read and write, r read only, w write only.", "",
         "## BAR 0", ""]
    for r in d.registers:
        o += [f"### {r.name} at 0x{r.offset:03X}", "", r.desc, "",
              "| bits | field | access | reset | meaning |", "|---|---|---|---|---|"]
        for f in r.fields:
            reset = ""
            if f.reset is not None:
                reset = f"0x{f.reset:X}" if f.width == 32 and f.name != "us" else f"{f.reset:,}"
            enc = f" ({f.encode})" if f.encode else ""
            o.append(f"| {bits(f)} | {f.name} | {f.sw} | {reset} | {f.desc}{enc} |")
        o.append("")
    o += ["## Counters", "", f"32 bits each, from 0x{d.counter_base:03X}.", "",
          "| offset | counter | what is counted |", "|---|---|---|"]
    for c in d.counters:
        o.append(f"| 0x{c.offset:03X} | {c.name.lower()} | {c.desc} |")
    o += ["", "## Messages", "", "32-bit little-endian words; bits that are not named are zero.", ""]
    o += manual_messages(d, MESSAGES)
    o += ["Frames of the byte-stream links: [usb.md](usb.md).", "", "## Enumerations", ""]
    o += manual_enums(d, [name for name in d.enums if name not in STREAM_ENUMS])
    return "\n".join(o)


def manual_messages(d, names):
    o = []
    for name in names:
        desc, words = d.messages[name]
        o += [f"### {name}", "", desc, "", "| word | bits | field | meaning |", "|---|---|---|---|"]
        for w in words:
            for f in reversed(w.fields):
                enc = f" ({f.encode})" if f.encode else ""
                o.append(f"| {w.offset // 4} | {bits(f)} | {f.name} | {f.desc}{enc} |")
        o.append("")
    return o


def manual_enums(d, names):
    o = []
    for name in names:
        o += [f"### {name}", "", "| value | name | meaning |", "|---|---|---|"]
        o += [f"| {v} | {n} | {desc} |" for n, v, desc in d.enums[name]]
        o.append("")
    return o


def stream_manual(d, page):
    """The page with its generated part, between the two marks, written anew."""
    begin = "<!-- formats: generated by rtl/regs/generate.py -->\n"
    end = "<!-- end of formats -->\n"
    head, rest = page.split(begin)
    _, tail = rest.split(end)
    tables = manual_enums(d, STREAM_ENUMS) + manual_messages(d, STREAM_MESSAGES)
    return head + begin + "\n" + "\n".join(tables) + end + tail


def bits(f):
    return f"{f.high}" if f.width == 1 else f"{f.high}:{f.low}"


def generate(root):
    """Writes every generated file below `root`, laid out as in the repository."""
    d = Description()
    compare_with_package(d)
    sv = root / "rtl/regs/generated"
    sv.mkdir(parents=True, exist_ok=True)
    sv_register_block(d, sv)
    (sv / "tl_msg_pkg.sv").write_text(sv_messages(d))
    page = (REPO / STREAM_PAGE).read_text()
    for path, text in (("host/src/generated/regs.hpp", cpp_header(d)),
                       ("host/include/tautline/counters.hpp", cpp_counters(d)),
                       ("docs/registers.md", manual(d)), (STREAM_PAGE, stream_manual(d, page))):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return ["rtl/regs/generated/tl_regs.sv", "rtl/regs/generated/tl_regs_pkg.sv",
            "rtl/regs/generated/tl_msg_pkg.sv", "host/src/generated/regs.hpp",
            "host/include/tautline/counters.hpp", "docs/registers.md", STREAM_PAGE]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    if not parser.parse_args().check:
        generate(REPO)
        return 0
    with tempfile.TemporaryDirectory() as tmp:
        fresh = pathlib.Path(tmp)
        drift = [f for f in generate(fresh)
                 if not (REPO / f).exists() or (REPO / f).read_bytes() != (fresh / f).read_bytes()]
    for f in drift:
        print(f"{f} does not follow from rtl/regs/tautline.rdl; run rtl/regs/generate.py")
    return 1 if drift else 0


if __name__ == "__main__":
    sys.exit(main())
