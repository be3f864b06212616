"""Makes one program of the C++ examples of a page: page_program.py PAGE OUTPUT

A block that has a main is the program, alone. Otherwise the first block stands before main, and the others in it, from top to
bottom, so that the page is one program.
"""

import re
import sys
from pathlib import Path

page, output = map(Path, sys.argv[1:])
text = page.read_text()
found = re.finditer(r"^```cpp\n(.*?)^```", text, re.M | re.S)
blocks = [(text[: match.start(1)].count("\n") + 1, match.group(1)) for match in found]
if not blocks:
    sys.exit(f"{page} has no C++ example")
numbered = [f'#line {line} "{page}"\n{block}' for line, block in blocks]
if any("int main(" in block for _, block in blocks):
    if len(blocks) != 1:
        sys.exit(f"{page} has {len(blocks)} C++ examples, one of which is a whole program")
    output.write_text(numbered[0])
else:
    output.write_text(numbered[0] + "int main()\n{\n" + "".join(numbered[1:]) + "}\n")
