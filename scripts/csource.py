# SPDX-License-Identifier: ISC
"""Reads C far enough to lint it: code without comments, strings and preprocessor; functions."""

import re
from dataclasses import dataclass
from pathlib import Path

TAB = 8
TOKENS = re.compile(
    r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)
DIRECTIVE = re.compile(r'^[ \t]*#(?:[^\n]*\\\n)*[^\n]*', re.MULTILINE)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
ATTRIBUTE = re.compile(r'__attribute__\s*\(\(.*?\)\)|_Static_assert\s*\([^;]*;', re.DOTALL)
HEAD = re.compile(r'([A-Za-z_]\w*)\s*\((.*)\)\s*\Z', re.DOTALL)
BRANCH = re.compile(r'\b(?:if|for|while|switch)\b|&&|\|\||\?')


@dataclass
class Function:
    """One function definition. Lines are those from its first line to its closing brace."""

    path: Path
    name: str
    line: int
    lines: int
    parameters: int
    complexity: int
    is_static: bool


def blank(match):
    """Replaces a match by spaces, keeping its lines."""
    return re.sub(r'[^\n]', ' ', match.group(0))


def without_comments(text):
    """The text with comments blanked, strings kept."""
    return TOKENS.sub(lambda m: blank(m) if m.group(0)[0] == '/' else m.group(0), text)


def code_of(text):
    """The text with comments, strings and preprocessor lines blanked; lines stay where they are."""
    return DIRECTIVE.sub(blank, TOKENS.sub(blank, text))


def includes_of(text):
    """Yields (line, '<' or '"', header) for each include."""
    text = without_comments(text)
    for match in INCLUDE.finditer(text):
        yield text.count('\n', 0, match.start(2)) + 1, match.group(1), match.group(2)


def count_parameters(inside):
    """Counts what stands between the parentheses of a definition."""
    if inside.strip() in ('', 'void'):
        return 0
    depth, count = 0, 1
    for char in inside:
        depth += char in '([{'
        depth -= char in ')]}'
        count += char == ',' and depth == 0
    return count


def innermost_head(head):
    """Splits `static int f(args)` into ('f', 'args'); None if it is no function."""
    head = ATTRIBUTE.sub('', head).rstrip()
    if not head.endswith(')') or '=' in head.split('(')[0]:
        return None
    depth = 0
    for at in range(len(head) - 1, -1, -1):
        depth += (head[at] == ')') - (head[at] == '(')
        if depth == 0:
            break
    name = re.search(r'([A-Za-z_]\w*)\s*\Z', head[:at])
    return (name.group(1), head[at + 1:-1]) if name else None


def functions_of(path, text):
    """Yields each function that a file defines."""
    code = code_of(text)
    depth, start, opened, body = 0, 0, None, 0
    for at, char in enumerate(code):
        if char == '{':
            if depth == 0:
                opened, body = (start, innermost_head(code[start:at])), at
            depth += 1
        elif char == '}':
            depth -= 1
            if depth == 0:
                if opened[1]:
                    yield function_from(path, code, opened, body, at)
                start = at + 1
        elif char == ';' and depth == 0:
            start = at + 1


def function_from(path, code, opened, body, end):
    """Measures the function whose head starts at opened[0] and whose body is code[body:end]."""
    start, (name, inside) = opened
    start += len(code[start:]) - len(code[start:].lstrip())
    first = code.count('\n', 0, start) + 1
    return Function(
        path=path, name=name, line=first,
        lines=code.count('\n', start, end) + 1,
        parameters=count_parameters(inside),
        complexity=1 + len(BRANCH.findall(code[body:end])),
        is_static=bool(re.search(r'\bstatic\b', code[start:body])))
