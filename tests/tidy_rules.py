"""House rules that need a syntax tree; each takes source text and returns what it found.

What the linter can check is checked by the linter; `test_tidy.py` plants one bad example for
every rule of both kinds, so that neither can be switched off unseen.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60

# Answers do not depend on the order in which these see the elements of a set.
ORDER_FREE = {"all", "any", "frozenset", "len", "max", "min", "set", "sorted", "sum"}
ORDER_BOUND = {"dict", "enumerate", "filter", "iter", "list", "map", "next", "reversed", "tuple"}
ORDER_BOUND |= {"zip", "array", "deque", "join", "fromkeys", "extend"}

# Exact on integers, the same on every machine; the rest of `math` is libm.
EXACT_MATH = {"ceil", "comb", "factorial", "floor", "gcd", "isqrt", "lcm", "perm", "prod"}

EMPTY_WORDS = {"data2", "helper", "helpers", "mgr", "util", "utils"}
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|HACK|raise NotImplementedError)\b|pragma: no cover")
IGNORE = re.compile(r"#\s*(?:noqa|type:\s*ignore|ruff:|mypy:|nosec|pyright:)")
REASONED = re.compile(
    r"#\s*(?:noqa:\s*[A-Z0-9, ]+|type:\s*ignore\[[a-z, -]+\])\s*(?:#|\()\s*\w+\W+\w+"
)


def long_file(source: str) -> list[str]:
    """Report a file that wants two rooms."""
    lines = source.count("\n")
    return [f"1: {lines} lines, at most {FILE_LINES_MAX}"] if lines > FILE_LINES_MAX else []


def long_functions(source: str) -> list[str]:
    """Report functions that do not fit a screen."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES_MAX:
                found.append(f"{node.lineno}: {node.name} has {lines} lines")
    return found


def empty_names(source: str) -> list[str]:
    """Report names that say nothing."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            words = set(re.sub(r"([a-z])([A-Z])", r"\1_\2", node.name).lower().split("_"))
            if words & EMPTY_WORDS:
                found.append(f"{node.lineno}: {node.name}: say what it does")
    return found


def joined_asserts(source: str) -> list[str]:
    """Report asserts of two facts; when one fails nobody knows which."""
    return [
        f"{node.lineno}: split this assert at `and`"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Assert)
        and isinstance(node.test, ast.BoolOp)
        and isinstance(node.test.op, ast.And)
    ]


def swallowed_errors(source: str) -> list[str]:
    """Report handlers that catch everything, or that catch something and go on."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ExceptHandler):
            if node.type is None:
                found.append(f"{node.lineno}: name the exception")
            elif ast.unparse(node.type) in {"Exception", "BaseException"} and all(
                isinstance(line, ast.Pass | ast.Continue) for line in node.body
            ):
                found.append(f"{node.lineno}: handle it where something can be done about it")
    return found


def unfinished(source: str) -> list[str]:
    """Report marks of unfinished work."""
    return [
        f"{number}: {match.group()}: finish it or delete it"
        for number, line in enumerate(source.splitlines(), 1)
        if (match := UNFINISHED.search(line))
    ]


def unreasoned_ignores(source: str) -> list[str]:
    """Report comments that silence a tool without saying why."""
    return [
        f"{token.start[0]}: {token.string}: name the rule, then give the reason after a second #"
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
        and IGNORE.search(token.string)
        and not REASONED.search(token.string)
    ]


def ambient_calls(source: str) -> list[str]:
    """Report, in simulated code, what depends on the process and not on the seed."""
    hints = {
        "hash": "order by name or number; hash() changes from process to process",
        "id": "order by name or number; id() is an address",
        "input": "simulators take data and return data",
        "open": "simulators take data and return data",
        "print": "record it in the trace",
    }
    return [
        f"{node.lineno}: {node.func.id}(): {hints[node.func.id]}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in hints
    ]


def floats(source: str) -> list[str]:
    """Report, in simulated code, numbers that another machine may round another way."""
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Constant(value=float()):
                found.append(f"{node.lineno}: {node.value}: nanoseconds and ppm are integers")
            case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
                found.append(f"{node.lineno}: / makes floats; use // and say how it rounds")
            case ast.Call(func=ast.Name(id="float")):
                found.append(f"{node.lineno}: float(): stay with integers")
            case ast.Attribute(value=ast.Name(id="math"), attr=name) if name not in EXACT_MATH:
                found.append(f"{node.lineno}: math.{name}: see sim/kernel/fixed.py")
            case ast.ImportFrom(module="math", names=names):
                found += [
                    f"{node.lineno}: math.{name.name}: see sim/kernel/fixed.py"
                    for name in names
                    if name.name not in EXACT_MATH
                ]
    return found


def set_order(source: str) -> list[str]:
    """Report, in simulated code, results that depend on the order of a set."""
    tree = ast.parse(source)
    known = set(_set_names(tree))
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}

    def is_set(node: ast.expr) -> bool:
        if isinstance(node, ast.Set | ast.SetComp):
            return True
        if isinstance(node, ast.Call):
            return isinstance(node.func, ast.Name) and node.func.id in {"set", "frozenset"}
        if isinstance(node, ast.BinOp) and isinstance(
            node.op, ast.BitAnd | ast.BitOr | ast.BitXor | ast.Sub
        ):
            return is_set(node.left) or is_set(node.right)
        return isinstance(node, ast.Name | ast.Attribute) and ast.unparse(node) in known

    def is_order_free(node: ast.AST) -> bool:
        call = parents.get(node)
        return isinstance(node, ast.SetComp) or (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Name)
            and call.func.id in ORDER_FREE
        )

    return [
        f"{use.lineno}: {ast.unparse(use)}: sort it, or keep a dict or a list"
        for node in ast.walk(tree)
        for use in _ordered_uses(node)
        if is_set(use) and not is_order_free(node)
    ]


def _ordered_uses(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the expressions that `node` goes through in their own order."""
    match node:
        case ast.For(iter=iterated) | ast.Starred(value=iterated) | ast.YieldFrom(value=iterated):
            yield iterated
        case ast.ListComp() | ast.DictComp() | ast.GeneratorExp() | ast.SetComp():
            yield from (part.iter for part in node.generators)
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in ORDER_BOUND:
            yield from node.args
        case ast.Call(func=ast.Attribute(value=owner, attr="pop"), args=[]):
            yield owner


def _set_names(tree: ast.AST) -> Iterator[str]:
    """Yield names and attributes that the file itself binds to sets."""
    for node in ast.walk(tree):
        match node:
            case ast.Assign(value=ast.Set() | ast.SetComp()):
                yield from map(ast.unparse, node.targets)
            case ast.Assign(value=ast.Call(func=ast.Name(id="set" | "frozenset"))):
                yield from map(ast.unparse, node.targets)
            case ast.AnnAssign() if _says_set(node.annotation):
                yield ast.unparse(node.target)
            case ast.arg(annotation=ast.expr() as annotation) if _says_set(annotation):
                yield node.arg


def _says_set(annotation: ast.expr) -> bool:
    outer = ast.unparse(annotation).split("[")[0].strip("'\"")
    return outer in {"set", "frozenset", "Set", "AbstractSet", "MutableSet", "collections.abc.Set"}
