"""The shell lines that show a case again. They run as printed, from any folder: secrets come from the environment."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from camsim.protocol.vocabulary import Protocol
from camsim_conformance.plan.cases import Case, Step, Transport
from camsim_conformance.plan.rows import is_one_of_two, other_of_two
from camsim_conformance.target.profile import Profile

from .case_files import file_of, folder_of, hidden_readback
from .masking import mask_bytes, without_password

MOST_CURLS = 6
EXPECTS_ABOVE = 1_000_000  # bytes from which curl asks before it sends; devices never do
# What makes a token's forged forms in a shell.
_FORMS = {
    "": 'printf %s "${name}"',
    ":swapcase": 'printf %s "${name}" | tr a-zA-Z A-Za-z',
    ":reversed": 'printf %s "${name}" | rev',
    ":prefix": 'printf %s "${{name}%?}"',
}
_MASKED = re.compile(rb"(?:@|%40)(AUTH_TOKEN|SECURITY_KEY)_(\d+)((?:(?::|%3A)[a-z]+)?)(@|%40)")
# A form may escape every byte, also those that need none.
_IN_FORM = " | od -An -v -tx1 | tr -d ' \\n' | sed 's/../%&/g'"
_OPTIONS = {
    Transport.CHUNKED: "-H 'Transfer-Encoding: chunked'",
    Transport.EXPECT: "-H 'Expect: 100-continue'",
}
_BY_HAND = {
    Transport.LOWER_CASE: "with header names in lower case",
    Transport.SEGMENTS: "in several TCP segments",
    Transport.LOST_ACK: "and drops the connection when the answer begins",
    Transport.LOST_EARLY: "and drops the connection when the body is out",
    Transport.CUT: "and closes the connection before the promised length",
}
_SPECIAL = set("&/\\\n")


def variable(kind: str, number: int) -> str:
    """`CAMSIM_AUTH_TOKEN` of the first device, `CAMSIM_AUTH_TOKEN_2` of the second."""
    return f"CAMSIM_{kind}" if number == 1 else f"CAMSIM_{kind}_{number}"


def exports(profile: Profile) -> list[str]:
    """The lines that must stand above the others: each names what it needs, and stops a shell that lacks it."""
    wanted: list[tuple[str, str]] = []
    for number, device in enumerate(profile.devices, start=1):
        wanted.append((variable("AUTH_TOKEN", number), f"the AuthToken of device {number}"))
        if device.key is not None:
            wanted.append((variable("SECURITY_KEY", number), f"the security key of device {number}"))
    if hidden_readback(profile):
        wanted.append(("CAMSIM_READBACK", "the --readback of the run"))
    if profile.people:
        wanted.append(("CAMSIM_USERS", "ids that the target knows, or a file of them"))
    return [f'export {name}="${{{name}:?{text}}}"' for name, text in wanted]


def replay_line(case: str, profile: Profile, out: Path, *, same: bool = False) -> str:
    """`camsim replay /reports/run-7 CB-DUP-001/twice`, with what only the options can say."""
    words = ["camsim replay", shlex.quote(str(out.resolve())), shlex.quote(case)]
    for number, device in enumerate(profile.devices[1:], start=2):
        text = f"token=${variable('AUTH_TOKEN', number)}"
        if device.key is not None:
            text += f",key=${variable('SECURITY_KEY', number)}"
        words.append(f'--device "{text}"')
    if same:
        words.append("--same")
    else:
        if hidden_readback(profile):
            words.append('--readback "$CAMSIM_READBACK"')
        if profile.people:
            words.append('--users "$CAMSIM_USERS"')
    if profile.i_own_this:
        words.append("--i-own-this")
    return " ".join(words)


def curl_lines(case: Case, profile: Profile, url: str, out: Path) -> list[str]:
    """A line for each step, in their order; what curl cannot do is said, with the line that can."""
    lines = list(_curls(case, profile, url, out))
    if case.at_once > 1 and len(case.steps) > 1:
        # All at one moment, as the run sent them.
        lines = [line if line.startswith("#") else f"{{ {line}; }} &" for line in lines] + ["wait"]
    return lines


def _curls(case: Case, profile: Profile, url: str, out: Path) -> Iterator[str]:
    if is_one_of_two(case):
        yield f"# two cases in turn, this and {other_of_two(case)}: {replay_line(case.id, profile, out)}"
        return
    for number, step in enumerate(case.steps[:MOST_CURLS]):
        why = _not_by_curl(step, profile)
        if why is not None:
            yield f"# {why}: {replay_line(case.id, profile, out, same=True)}"
            continue
        line = _curl(case, number, profile, url, out)
        if step.copies > 1:
            times = " ".join(map(str, range(1, step.copies + 1)))
            line = f"for n in {times}; do {{ {line}; }} & done; wait"
        yield line
    rest = len(case.steps) - MOST_CURLS
    if rest > 0:
        yield f"# {rest} more of the {len(case.steps)} steps: {replay_line(case.id, profile, out, same=True)}"


def _not_by_curl(step: Step, profile: Profile) -> str | None:
    if step.sealed and profile.protocol is Protocol.V2:
        return "ApiRequestInfo is sealed (AES-256, ECB, PKCS#7, Base64) before it goes into request_data; this does it"
    if step.transport in _BY_HAND:
        return f"the run sends {step.what} {_BY_HAND[step.transport]}, as curl cannot; this does it"
    return None


def _curl(case: Case, number: int, profile: Profile, url: str, out: Path) -> str:
    step = case.steps[number]
    file = (out / folder_of(case) / file_of(case, number)).resolve()
    pipes = [f"gzip -dc {shlex.quote(str(file))}"] if file.suffix == ".gz" else []
    fill = _fill(mask_bytes(step.kept, profile), profile)
    if fill:
        pipes.append(fill if pipes else f"{fill} {shlex.quote(str(file))}")
    if step.sealed:
        if not pipes:
            pipes.append(f"cat {shlex.quote(str(file))}")
        key = variable("SECURITY_KEY", min(step.device, len(profile.devices) - 1) + 1)
        hexed = f"$(printf %s \"${key}\" | od -An -v -tx1 | tr -d ' \\n')"
        pipes.append(f'openssl enc -aes-256-ecb -K "{hexed}" -base64 -A')
    data = "@-" if pipes else shlex.quote(f"@{file}")
    options = [f"-H {shlex.quote(f'Content-Type: {step.content_type}')}"]
    if step.transport in _OPTIONS:
        options.append(_OPTIONS[step.transport])
    elif len(step.wire) > EXPECTS_ABOVE:
        options.append("-H Expect:")
    if profile.ca is not None:
        options.append(f"--cacert {shlex.quote(str(profile.ca.resolve()))}")
    pipes.append(
        f"curl -sS -i {' '.join(options)} --data-binary {data} {shlex.quote(without_password(url + step.query))}"
    )
    return " | ".join(pipes)


def _fill(masked: bytes, profile: Profile) -> str:
    """The sed that puts secrets in the places of their placeholders; nothing for a body without any."""
    scripts = []
    for kind, number, form, end in sorted(set(_MASKED.findall(masked))):
        name = variable(kind.decode(), int(number))
        suffix, sign = form.decode(), end.decode()
        placeholder = f"{sign}{kind.decode()}_{int(number)}{suffix}{sign}"
        value = _value(name, suffix.replace("%3A", ":"), profile, in_form=sign == "%40")
        scripts.append(f'-e "s/{placeholder}/{value}/g"')
    return f"LC_ALL=C sed {' '.join(scripts)}" if scripts else ""


def _value(name: str, form: str, profile: Profile, *, in_form: bool) -> str:
    special = any(_SPECIAL & set(secret) for secret in profile.secrets())
    if not form and not special and not in_form:
        return f"${name}"
    made = _FORMS[form].replace("{name}", name)
    if in_form:
        made += _IN_FORM
    elif special:
        made += r" | sed 's/[&/\\]/\\&/g'"
    return f"$({made})"
