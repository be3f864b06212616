"""Makes the comments of the C and C++ headers ones that doxygen reads; doxygen calls it for each header.

A comment before a declaration documents it, a comment behind a member documents that, and a line
``/* ---- 4 Putting and taking ---- any thread ---- */`` begins a chapter: a group that the pages show by its number.
"""

import re
import sys
from pathlib import Path

CHAPTER = re.compile(r"^/\* -{4} (\d+) (.+?) -+ (.+?) -+ \*/$")
BEHIND_A_MEMBER = re.compile(r"^(\s*[^\s/*][^/]*?(?:[;,]|\s=\s\S+)\s+)/\* ")
QUOTED = re.compile(r'("[^"]*")')
MEANT = {"<": "&lt;", ">": "&gt;", "@": r"\@", "\\": r"\\", "#": r"\#", "%": r"\%", "&": "&amp;"}


def plain(text: str) -> str:
    """Text in which no character is a command of doxygen; it leaves what is quoted alone."""
    parts = QUOTED.split(text)
    parts[::2] = ["".join(MEANT.get(character, character) for character in part) for part in parts[::2]]
    return "".join(parts)


def readable_cpp(text: str) -> str:
    """A C++ header as doxygen wants it, on the same lines."""
    head, rest = text.split("\n#ifndef", 1)
    lines = ["/** @file", "@verbatim", *(line[3:] for line in head.splitlines()[2:]), "@endverbatim */"]
    for line in ("#ifndef" + rest).splitlines():
        code, opened, comment = line.partition("// ")
        if opened and not comment.startswith("----"):
            line = code + ("///< " if code.strip() else "/// ") + plain(comment)
        lines.append(line)
    return "\n".join(lines) + "\n"


def readable(text: str) -> str:
    """A C header as doxygen wants it, on the same lines."""
    head, rest = text.split(" */\n", 1)
    title = [line[3:] for line in head.splitlines()[1:]]
    lines = ["/** @file", "@verbatim", *title[1:], "@endverbatim */"]
    chapter = inside = False
    for line in rest.splitlines():
        found = CHAPTER.match(line)
        if found:
            number, title, threading = found.groups()
            lines.append(f"/** {'@}' if chapter else ''} @defgroup chapter{number} {title}\n * Threads: {threading}. @{{ */")
            chapter = True
            continue
        if inside:
            line = plain(line)
        else:
            line, members = BEHIND_A_MEMBER.subn(r"\1/**< ", line)
            mark = "/**< " if members else "/** "
            line = line if members else re.sub(r"^/\* ", mark, line)
            before, opened, comment = line.partition(mark)
            line = before + opened + plain(comment)
            inside = bool(opened)
        inside = inside and "*/" not in line
        lines.append(line)
    if chapter:
        lines.append("/** @} */")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    header = Path(sys.argv[1])
    sys.stdout.write((readable_cpp if header.suffix == ".hpp" else readable)(header.read_text()))
