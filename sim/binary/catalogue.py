"""Which instructions matter to whoever keeps others out, and how they are encoded.

A table, as data: the scan takes its opcodes from here, and no decoder has a say in what is found.
Class A defeats page tables, gates or the keeper of either, alone. Class B needs a policy of its
own: some of it is one byte long, and no look at bytes keeps it out of code.

Encodings are those of the Intel SDM, volumes 2 and 3, and of the AMD64 APM, volumes 2 and 3; what
each defeats follows Nested Kernel (ASPLOS'15), Nexen (NDSS'17) and ERIM (USENIX Security'19).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PREFIXES: Final = ("any", "none", "66", "F2", "F3")


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """One row of the catalogue."""

    name: str
    code: str
    """Opcode bytes, then `/0` to `/7` or `/r` where a ModRM byte follows; `+imm8` where a byte
    does, `+far` where a far pointer does. A ModRM byte with one value stands as that byte."""
    grade: str
    """Class `A` or `B`."""
    defeats: str
    """What is lost where an attacker reaches it."""
    mod: str = "any"
    """Which form of ModRM counts: `memory`, `register`, or `any`."""
    prefix: str = "any"
    """Which mandatory prefix it has; with `any` none changes its meaning, with `none` each does."""
    vendor: str = ""
    """The vendor whose processors alone have it."""
    mode: int = 0
    """64 or 32 where it exists in one mode alone."""
    feature: str = ""
    """What the processor must have, or the system use, for it to matter."""
    always_register: bool = False
    """The processor ignores ModRM.mod: all four are the register form."""
    extended: bool | None = None
    """Whether REX.R must be set, or must not be; None where it makes no difference."""


def _a(name: str, code: str, defeats: str, **more: object) -> Instruction:
    return Instruction(name=name, code=code, grade="A", defeats=defeats, **more)  # type: ignore[arg-type]  # the rows below are checked by a test


def _b(name: str, code: str, defeats: str, **more: object) -> Instruction:
    return Instruction(name=name, code=code, grade="B", defeats=defeats, **more)  # type: ignore[arg-type]  # as above


_CONTROL: dict[str, object] = {"always_register": True, "extended": False}
_EXTENDED: dict[str, object] = {"always_register": True, "extended": True}
_TABLES = "page tables: forged ones become those in force"
_VMX = "host state: loading it drops write protection and goes anywhere"
_INTERRUPTS = "interrupts: gates may not rely on them being off"
_PORTS = "devices: configuration space, system management, reset"

CATALOGUE: Final = (
    # Control registers. ModRM.mod is ignored, so all 256 bytes count (SDM 2, MOV to CR).
    _a("mov cr0", "0F 22 /0", "write protection and paging", **_CONTROL),
    _a("mov cr3", "0F 22 /3", _TABLES, **_CONTROL),
    _a("mov cr4", "0F 22 /4", "SMEP, SMAP, PAE, PKE and CET", **_CONTROL),
    _b("mov cr2", "0F 22 /2", "the address of the last page fault", **_CONTROL),
    _b("mov cr1", "0F 22 /1", "nothing: undefined", **_CONTROL),
    _b("mov cr5", "0F 22 /5", "nothing: undefined", **_CONTROL),
    _b("mov cr6", "0F 22 /6", "nothing: undefined", **_CONTROL),
    _b("mov cr7", "0F 22 /7", "nothing: undefined", **_CONTROL),
    _b("mov cr8", "0F 22 /0", "the priority of interrupts", **_EXTENDED),
    *(_b(f"mov cr{8 + n}", f"0F 22 /{n}", "nothing: undefined", **_EXTENDED) for n in range(1, 8)),
    _b("mov from cr", "0F 20 /r", "secrecy of control registers", always_register=True),
    _b("mov to dr", "0F 23 /r", "breakpoints that guard code", always_register=True),
    _b("mov from dr", "0F 21 /r", "secrecy of breakpoints", always_register=True),
    _b("lmsw", "0F 01 /6", "MP, EM, TS; sets PE, cannot clear it, nor write protection"),
    _b("clts", "0F 06", "the trap on use of the floating-point unit"),
    # Model-specific registers.
    _a("wrmsr", "0F 30", "no-execute, entry points and protection keys"),
    _a("wrmsrns", "0F 01 C6", "as wrmsr", prefix="none", feature="wrmsrns"),
    _a("wrmsrlist", "0F 01 C6", "as wrmsr", prefix="F3", feature="msrlist"),
    _b("rdmsrlist", "0F 01 C6", "secrecy of MSRs", prefix="F2", feature="msrlist"),
    _b("rdmsr", "0F 32", "secrecy of MSRs"),
    _b("rdpmc", "0F 33", "secrecy of counters"),
    _a("uwrmsr", "0F 38 F8 /r", "user MSRs", prefix="F3", mod="register", feature="user_msr"),
    _b("urdmsr", "0F 38 F8 /r", "user MSRs", prefix="F2", mod="register", feature="user_msr"),
    # Descriptor tables.
    _a("lidt", "0F 01 /3", "the interrupt table: every handler", mod="memory"),
    _a("lgdt", "0F 01 /2", "the segments, and the TSS through them", mod="memory"),
    _a("ltr", "0F 00 /3", "the TSS: the stacks of handlers"),
    _a("lldt", "0F 00 /2", "segments of a table of one's own"),
    _b("lkgs", "0F 00 /6", "the base of GS", prefix="F2", mode=64, feature="lkgs"),
    _b("swapgs", "0F 01 F8", "the base of GS", mode=64),
    _b("wrfsbase", "0F AE /2", "the base of FS", prefix="F3", mod="register", mode=64),
    _b("wrgsbase", "0F AE /3", "the base of GS", prefix="F3", mod="register", mode=64),
    # Virtual machines, Intel.
    _a("vmlaunch", "0F 01 C2", _VMX, vendor="Intel"),
    _a("vmresume", "0F 01 C3", _VMX, vendor="Intel"),
    _a("vmxoff", "0F 01 C4", "the hypervisor", vendor="Intel"),
    _a("vmptrld", "0F C7 /6", "the VMCS in force", prefix="none", mod="memory", vendor="Intel"),
    _a("vmclear", "0F C7 /6", "a VMCS in memory", prefix="66", mod="memory", vendor="Intel"),
    _a("vmxon", "0F C7 /6", "the hypervisor", prefix="F3", mod="memory", vendor="Intel"),
    _a("vmwrite", "0F 79 /r", "controls and host state", prefix="none", vendor="Intel"),
    _b("vmread", "0F 78 /r", "secrecy of a VMCS", prefix="none", vendor="Intel"),
    _a("invept", "0F 38 80 /r", "cached mappings", prefix="66", mod="memory", vendor="Intel"),
    _a("invvpid", "0F 38 81 /r", "cached mappings", prefix="66", mod="memory", vendor="Intel"),
    # Virtual machines, AMD.
    _a("vmrun", "0F 01 D8", "host state", vendor="AMD"),
    _a("vmload", "0F 01 DA", "segments, TSS and entry points", vendor="AMD"),
    _a("vmsave", "0F 01 DB", "memory at a physical address", vendor="AMD"),
    _a("stgi", "0F 01 DC", "global interrupts", vendor="AMD"),
    _a("clgi", "0F 01 DD", "global interrupts", vendor="AMD"),
    _a("skinit", "0F 01 DE", "everything: a late launch", vendor="AMD"),
    _b("invlpga", "0F 01 DF", "cached mappings", vendor="AMD"),
    _b("invlpgb", "0F 01 FE", "cached mappings", prefix="none", vendor="AMD", feature="invlpgb"),
    _b("tlbsync", "0F 01 FF", "nothing by itself", prefix="none", vendor="AMD", feature="invlpgb"),
    _b("rmpadjust", "0F 01 FE", "who owns memory", prefix="F3", vendor="AMD", feature="snp"),
    _b("rmpupdate", "0F 01 FE", "who owns memory", prefix="F2", vendor="AMD", feature="snp"),
    _b("psmash", "0F 01 FF", "who owns memory", prefix="F3", vendor="AMD", feature="snp"),
    _b("pvalidate", "0F 01 FF", "who owns memory", prefix="F2", vendor="AMD", feature="snp"),
    _b("rmpquery", "0F 01 FD", "who owns memory", prefix="F3", vendor="AMD", feature="snp"),
    # Modes beside and above.
    _a("rsm", "0F AA", "everything, from system management; undefined elsewhere"),
    _a("getsec", "0F 37", "everything: a late launch", vendor="Intel"),
    _a("encls", "0F 01 CF", "enclaves", prefix="none", vendor="Intel", feature="sgx"),
    _a("seamcall", "0F 01 CF", "trust domains", prefix="66", vendor="Intel", feature="tdx"),
    _a("seamops", "0F 01 CE", "trust domains", prefix="66", vendor="Intel", feature="tdx"),
    _a("seamret", "0F 01 CD", "trust domains", prefix="66", vendor="Intel", feature="tdx"),
    _b("tdcall", "0F 01 CC", "trust domains", prefix="66", vendor="Intel", feature="tdx"),
    _a("pconfig", "0F 01 C5", "keys of memory encryption", prefix="none", feature="pconfig"),
    _b("pbndkb", "0F 01 C7", "keys bound to a platform", prefix="none", feature="tse"),
    # Protection keys (ERIM's set) and shadow stacks.
    _a("wrpkru", "0F 01 EF", "protection keys", prefix="none", feature="pku"),
    _a("xrstor", "0F AE /5", "protection keys", prefix="none", mod="memory", feature="pku"),
    _a("xrstors", "0F C7 /3", "protection keys", prefix="none", mod="memory", feature="pku"),
    _a("setssbsy", "0F 01 E8", "shadow stacks", prefix="F3", feature="cet"),
    _a("clrssbsy", "0F AE /6", "shadow stacks", prefix="F3", mod="memory", feature="cet"),
    _a("wrss", "0F 38 F6 /r", "shadow stacks", prefix="none", mod="memory", feature="cet"),
    _a("wruss", "0F 38 F5 /r", "shadow stacks", prefix="66", mod="memory", feature="cet"),
    # Caches and mappings.
    _b("xsetbv", "0F 01 D1", "which state is saved", prefix="none"),
    _b("invd", "0F 08", "writes that are only in caches"),
    _b("wbinvd", "0F 09", "time: it holds everybody up", prefix="none"),
    _b("wbnoinvd", "0F 09", "time: it holds everybody up", prefix="F3"),
    _b("invlpg", "0F 01 /7", "a cached mapping", mod="memory"),
    _b("invpcid", "0F 38 82 /r", "cached mappings", prefix="66", mod="memory"),
    _b("stac", "0F 01 CB", "the ban on user memory", prefix="none"),
    _b("clac", "0F 01 CA", "nothing by itself", prefix="none"),
    _b("monitor", "0F 01 C8", "time", prefix="none"),
    _b("mwait", "0F 01 C9", "time", prefix="none"),
    _b("hreset", "0F 3A F0 C0 +imm8", "predictors", prefix="F3", feature="hreset"),
    _b("enqcmds", "0F 38 F8 /r", "devices", prefix="F3", mod="memory", feature="enqcmd"),
    # Leaving the kernel.
    _b("sysret", "0F 07", "where the kernel is left to"),
    _b("sysexit", "0F 35", "where the kernel is left to"),
    _b("eretu", "0F 01 CA", "where the kernel is left to", prefix="F3", mode=64, feature="fred"),
    _b("erets", "0F 01 CA", "where it goes on", prefix="F2", mode=64, feature="fred"),
    # One byte long: no byte-wise rule keeps these out.
    _b("cli", "FA", _INTERRUPTS),
    _b("sti", "FB", _INTERRUPTS),
    _b("popf", "9D", _INTERRUPTS),
    _b("iret", "CF", _INTERRUPTS),
    _b("hlt", "F4", "time: it stops the processor"),
    _b("retf", "CB", "segments"),
    _b("retf imm", "CA +imm16", "segments"),
    _b("call far", "FF /3", "segments", mod="memory"),
    _b("jmp far", "FF /5", "segments", mod="memory"),
    _b("call far imm", "9A +far", "segments", mode=32),
    _b("jmp far imm", "EA +far", "segments", mode=32),
    _b("in imm", "E4 +imm8", _PORTS),
    _b("in imm", "E5 +imm8", _PORTS),
    _b("out imm", "E6 +imm8", _PORTS),
    _b("out imm", "E7 +imm8", _PORTS),
    _b("in", "EC", _PORTS),
    _b("in", "ED", _PORTS),
    _b("out", "EE", _PORTS),
    _b("out", "EF", _PORTS),
    _b("ins", "6C", _PORTS),
    _b("ins", "6D", _PORTS),
    _b("outs", "6E", _PORTS),
    _b("outs", "6F", _PORTS),
)
