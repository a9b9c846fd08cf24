# SPDX-License-Identifier: ISC
"""tacet-policy(5) says of each class of faults what it is, and of none that there is not."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def test_classes():
    header = (ROOT / 'src/policy/fault.h').read_text(encoding='utf-8')
    page = (ROOT / 'man/tacet-policy.5').read_text(encoding='utf-8')
    words = re.findall(r'X\(POLICY_FAULT_\w+,\s*"([a-z-]+)"', header)
    classes = page.split('.Bl -tag -width second-document')[1].split('.El')[0]
    told = [word for line in re.findall(r'^\.It Cm (.*)$', classes, re.MULTILINE)
            for word in line.split(' , ')]
    assert len(words) > 20
    assert told == words


def test_maxima():
    """The numbers of the page are those of the headers."""
    page = (ROOT / 'man/tacet-policy.5').read_text(encoding='utf-8')
    text = ''.join((ROOT / 'src/policy' / name).read_text(encoding='utf-8')
                   for name in ('document.h', 'tree.h', 'fault.h', 'name.h'))
    for name in ('POLICY_FILE_MAX', 'POLICY_NAME_MAX', 'POLICY_GROUPS_MAX', 'POLICY_SERVICES_MAX',
                 'POLICY_RULES_MAX', 'POLICY_FAULTS_MAX', 'TREE_NODES_MAX', 'TREE_DEPTH_MAX'):
        value = re.search(rf'{name} = (\d+)(?: << (\d+))?', text)
        number = int(value.group(1)) << int(value.group(2) or 0)
        assert re.search(rf'Ta {number}\b', page), name
