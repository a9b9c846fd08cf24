# SPDX-License-Identifier: ISC
"""The lint scripts against small trees with one fault each: one that cannot fail is worthless."""

import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / 'scripts'
SPDX = '/* SPDX-License-Identifier: ISC */\n'
GOOD_HEADER = SPDX + '#pragma once\n\n#include <stdint.h>\n\nuint8_t replay_top(uint8_t now);\n'
GOOD_SOURCE = SPDX + '''#include "wireguard/replay.h"

#include "base/bytes.h"

#include <string.h>

/* Not calls: malloc(1), strcpy(2). */
uint8_t replay_top(uint8_t now)
{
	const char *text = "system(3) { // /* ";

	return text[0] == '{' || text[1] == '"' ? now : bytes_first(text);
}
'''
GOOD_BASE = SPDX + '#pragma once\n\nunsigned char bytes_first(const char *text);\n'


@pytest.fixture(name='tree')
def fixture_tree(tmp_path):
    """A small tree without a fault, and a function that adds one file to it."""
    def write(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding='utf-8')
    write('src/wireguard/replay.h', GOOD_HEADER)
    write('src/wireguard/replay.c', GOOD_SOURCE)
    write('src/base/bytes.h', GOOD_BASE)
    write.root = tmp_path
    return write


def lint(script, tree):
    """Runs a lint script over a tree; returns its exit code and output."""
    done = subprocess.run([SCRIPTS / script, tree.root], capture_output=True, text=True,
                          check=False, timeout=60)
    assert not done.stderr
    return done.returncode, done.stdout


def function(lines, head='int f(void)'):
    """A C function of so many lines, its head and braces included."""
    return head + '\n{\n' + '\tg();\n' * (lines - 3) + '}\n'


@pytest.mark.parametrize('script', ['lint-layers', 'lint-sizes'])
def test_good_tree_passes(tree, script):
    code, out = lint(script, tree)
    assert code == 0, out
    assert ' 0 faults' in out


@pytest.mark.parametrize('script', ['lint-layers', 'lint-sizes'])
def test_empty_tree_fails(tmp_path, script):
    done = subprocess.run([SCRIPTS / script, tmp_path], capture_output=True, check=False)
    assert done.returncode == 1


LAYER_FAULTS = {
    'upwards': ('src/base/up.c', '#include "wireguard/replay.h"', 'base/ may not include'),
    'upwards with a space': ('src/base/up.c', '# include "wireguard/replay.h"', 'may not include'),
    'sideways between programs':
        ('src/cli/x.c', '#include "tacet-wg/main.h"', 'cli/ may not include tacet-wg/'),
    'not from the root': ('src/wireguard/x.c', '#include "replay.h"', 'not a header by its path'),
    'dots': ('src/wireguard/x.c', '#include "wireguard/../base/bytes.h"', 'not a header'),
    'unknown folder': ('src/util/x.c', 'int x;', 'no place in the order'),
    'straight in src': ('src/x.c', 'int x;', 'no place in the order'),
    'pure: unistd': ('src/wireguard/x.c', '#include <unistd.h>', 'pure: no <unistd.h>'),
    'pure: socket': ('src/policy/x.c', '#include <sys/socket.h>', 'pure: no <sys/socket.h>'),
    'pure: stdio': ('src/wireguard/x.c', '#include <stdio.h>', 'pure: no <stdio.h>'),
    'pure: clock': ('src/wireguard/x.c', 'struct moment now = clock_now();', 'no clock_now()'),
    'pure: log': ('src/wireguard/x.c', '#include "base/log.h"', 'pure: no "base/log.h"'),
    'pure: malloc': ('src/wireguard/x.c', 'int *p = malloc(4);', 'pure: no malloc()'),
    'pure: malloc where calloc is allowed':
        ('src/wireguard/packet.c', '\n#include <stdlib.h>\nint *p = malloc(4);', 'no malloc()'),
    'pure: malloc in policy is fine, read is not':
        ('src/policy/x.c', '\n#include <stdlib.h>\nint *p = malloc(4), q = read(0, p, 4);',
         'no read()'),
    'pure: a read of its own is fine, close is not':
        ('src/policy/x.c', 'int read(int (*open)(int))\n{\n\treturn close(open(2));\n}\nread(0);',
         'no close()'),
    'pure: calloc elsewhere': ('src/wireguard/noise.c', 'int *p = calloc(4, 1);', 'no calloc()'),
    'crypto library': ('src/net/x.c', '#include <openssl/evp.h>', 'belongs to'),
    'event loop': ('src/net/x.c', '#include <uv.h>', 'belongs to'),
    'banned': ('src/net/x.c', 'int x = atoi (text);', 'atoi() is banned'),
    'banned, in a macro\'s neighbour': ('src/base/x.c', '\n\nsystem("ls");', 'x.c:3: system()'),
}


@pytest.mark.parametrize('name', LAYER_FAULTS)
def test_layers_finds(tree, name):
    path, line, fault = LAYER_FAULTS[name]
    tree('src/base/log.h', '')
    tree('src/tacet-wg/main.h', '')
    tree(path, line + '\n')
    code, out = lint('lint-layers', tree)
    assert code == 1
    assert fault in out
    assert ' 1 faults' in out


SIZE_FAULTS = {
    'function of 81 lines': ('src/base/x.c', SPDX + function(81), 'lines: 81, at most 80'),
    'indented string of braces':
        ('src/base/x.c', SPDX + function(81).replace('g();', 'g("}");', 1), 'lines: 81'),
    'function with an attribute':
        ('src/base/x.c', SPDX + function(81, '__attribute__((cold)) int f(int a)'), 'lines: 81'),
    'function in a test': ('tests/unit/x.c', SPDX + function(90), 'lines: 90'),
    'file of 801 lines': ('src/base/x.c', SPDX + 'int x;\n' * 800, 'lines in this file: 801'),
    'seven parameters':
        ('src/base/x.c', SPDX + 'int f(int a, int b, int c, int d, int e, int (*g)(int, int), '
         'int h)\n{\n}\n', 'parameters: 7, at most 6'),
    'complexity': ('src/base/x.c', SPDX + function(3).replace('}', '\tx = ' + 'a &&\n\t' * 15 +
                   'b;\n}'), 'complexity: 16'),
    'long line': ('src/base/x.c', SPDX + '\tint ' + 'x' * 88 + ';\n', 'columns: 101'),
    'no licence in C': ('src/base/x.c', 'int x;\n', 'no "SPDX'),
    'no licence in a script': ('scripts/x', '#!/bin/sh\n', 'no "SPDX'),
    'no licence in a man page': ('man/x.8', '.Dd\n', 'no "SPDX'),
    'no guard': ('src/base/x.h', SPDX + 'extern int x;\n', 'no "#pragma once"'),
    'does not compile alone':
        ('src/base/x.h', SPDX + '#pragma once\nuint8_t x(void);\n', 'does not compile alone'),
    'unreadable': ('src/base/x.c', SPDX + 'int f(void)\n{\n', 'braces do not match'),
}


@pytest.mark.parametrize('name', SIZE_FAULTS)
def test_sizes_finds(tree, name):
    path, text, fault = SIZE_FAULTS[name]
    tree(path, text)
    code, out = lint('lint-sizes', tree)
    assert code == 1
    assert fault in out
    assert ' 1 faults' in out


def test_sizes_warns_between_aim_and_gate(tree):
    tree('src/base/x.c', SPDX + function(56) + function(55))
    code, out = lint('lint-sizes', tree)
    assert code == 0
    assert 'warning: lines: 56, aim at 55' in out
    assert '1 warnings' in out
    assert '3 functions, median 55 lines' in out
