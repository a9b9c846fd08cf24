# SPDX-License-Identifier: ISC
"""tacet(1) tells of each command and its options, exit code and environment; tacet.conf(5) of each
key, with the defaults that hold; and of none that there is not."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
WORD = re.compile(r'"((?:[^"\\]|\\.)*)"')


def read(name):
    return (ROOT / name).read_text(encoding='utf-8')


def entries():
    """The commands of the table: words and what --help says of their options."""
    for entry in read('src/cli/table.c').split('\t{\n')[1:]:
        field = {name: ''.join(WORD.findall(text)) for name, text in
                 re.findall(r'\.(\w+) =((?:\s*(?:"(?:[^"\\]|\\.)*"|\w+))+),', entry)}
        yield field['words'], field['arguments'] + field.get('options', '')


def test_each_option_is_told():
    page = read('man/tacet.1').replace('Fl -', '--')
    for words, text in entries():
        for option in re.findall(r'--[a-z][a-z0-9-]*', text):
            assert option in page, f'{words} {option}'


def test_commands():
    """What the page's lists begin with are commands of the table, and each is there."""
    page = read('man/tacet.1').split('.Ss Setting up')[1].split('.Sh ENVIRONMENT')[0]
    told = re.findall(r'^\.It (?:Xo\n\.)?Cm (.+)$', page, re.MULTILINE)
    words = sorted((words for words, _ in entries()), key=len, reverse=True)
    found = [next((w for w in words if line == w or line.startswith(w + ' ')), line)
             for line in told]
    assert set(found) == set(words)


def test_exit_codes():
    header = read('src/cli/command.h')
    codes = re.findall(r'CLI_\w+ = (\d+)', header.split('enum cli_exit {')[1].split('}')[0])
    page = read('man/tacet.1').split('.Sh EXIT STATUS')[1].split('.El')[0]
    assert codes == re.findall(r'^\.It (\d+)$', page, re.MULTILINE)
    shown = read('src/cli/help.c').split('exit_codes[] = {')[1].split('};')[0]
    assert len(re.findall(r'\{CLI_', shown)) == len(codes)


def test_configuration():
    """Keys and defaults of tacet.conf(5) are those of the sources."""
    source = read('src/priv/config_parse.c').split('keys[] = {')[1].split('};')[0]
    keys = re.findall(r'\{"([a-z-]+)"', source)
    page = read('man/tacet.conf.5')
    assert len(keys) > 10
    assert sorted(keys) == sorted(re.findall(r'^\.It Ic ([a-z-]+)$', page, re.MULTILINE))
    default = read('src/priv/config.c').split('void config_default')[1].split('};')[0]
    for value in re.findall(r'= (?:"([^"]+)"|(\d+)),', default):
        assert (value[0] or value[1]) in page, value


def test_environment():
    """Each variable that the programs of the command line read is in the page."""
    page = read('man/tacet.1')
    sources = ''.join(path.read_text(encoding='utf-8') for path in (ROOT / 'src/cli').glob('*.c'))
    for name in re.findall(r'getenv\("(\w+)"\)', sources):
        assert f'.It Ev {name}' in page, name
