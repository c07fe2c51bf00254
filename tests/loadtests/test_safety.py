"""Where a storm may go and what the machine must allow."""

from __future__ import annotations

import resource
import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import trustme
import typer
from typer.testing import CliRunner

from camsim import ownership
from camsim.ownership import SafetyError, UnreachableError, origin_of
from camsim_loadtests.command import register
from camsim_loadtests.safety import DescriptorError, raise_descriptor_limit, refuse_strangers

TOKEN = "T" * 32
APP = typer.Typer()
register(APP)


def nonce(url, token):
    return ownership.nonce(origin_of(url), token)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "10.1.2.3", "192.168.0.9", "172.16.0.1"])
def test_loopback_and_private_addresses_are_allowed(host):
    refuse_strangers(f"http://{host}:8123/callback", TOKEN, i_own_this=False)


@pytest.mark.parametrize("host", ["8.8.8.8", "169.254.169.254", "0.0.0.0", "[2001:4860:4860::8888]"])
def test_everything_else_is_refused_with_the_line_that_proves_ownership(host):
    url = f"https://{host}/callback"

    with pytest.raises(SafetyError, match=nonce(url, TOKEN)):
        refuse_strangers(url, TOKEN, i_own_this=False)


def test_a_name_with_one_public_address_is_refused(monkeypatch):
    rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in ("127.0.0.1", "8.8.8.8")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: rows)

    with pytest.raises(SafetyError, match=r"8\.8\.8\.8"):
        refuse_strangers("http://both.example/", TOKEN, i_own_this=False)


@pytest.mark.parametrize(
    ("answer", "refused"), [((200, "the nonce"), False), ((200, "another"), True), ((404, "the nonce"), True)]
)
def test_ownership_is_shown_by_the_nonce_in_the_challenge_file(monkeypatch, answer, refused):
    url = "http://8.8.8.8/callback"
    text = f"{nonce(url, TOKEN)}\n" if answer[1] == "the nonce" else answer[1]
    monkeypatch.setattr(ownership, "read_challenge", lambda origin, ca: (answer[0], text.encode()))

    if refused:
        with pytest.raises(SafetyError, match="well-known"):
            refuse_strangers(url, TOKEN, i_own_this=True)
    else:
        refuse_strangers(url, TOKEN, i_own_this=True)


@pytest.fixture
def challenge_over_https(tmp_path, monkeypatch):
    """A host with a certificate of its own authority, taken for a public one; gives its URL and the authority."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    monkeypatch.setattr(ownership, "is_private", lambda address: False)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = nonce(url, TOKEN).encode() if self.path == ownership.CHALLENGE_PATH else b""
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format, *args):
            pass

    class Server(HTTPServer):
        def handle_error(self, request, client_address):
            """Who does not trust the certificate hangs up."""

    server = Server(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    url = f"https://127.0.0.1:{server.server_address[1]}/callback"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield url, tmp_path / "ca.pem"
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_challenge_is_read_under_the_authority_of_ca(challenge_over_https):
    url, ca = challenge_over_https

    refuse_strangers(url, TOKEN, i_own_this=True, ca=ca)


def test_a_challenge_of_an_authority_nobody_trusts_cannot_be_judged(challenge_over_https):
    url, _ = challenge_over_https

    with pytest.raises(UnreachableError, match="CERTIFICATE_VERIFY_FAILED"):
        refuse_strangers(url, TOKEN, i_own_this=True)


def test_the_command_hands_its_ca_to_the_challenge(challenge_over_https):
    url, ca = challenge_over_https
    asked = [url, "--auth-token", TOKEN, "--i-own-this"]

    # The host answers GET alone: what matters is how far the command came.
    trusted = CliRunner().invoke(APP, [*asked, "--ca", str(ca)])
    strange = CliRunner().invoke(APP, asked)

    assert (trusted.exit_code, "does not acknowledge" in trusted.stderr) == (1, True)
    assert (strange.exit_code, "CERTIFICATE_VERIFY_FAILED" in strange.stderr) == (3, True)


def test_the_nonce_belongs_to_token_and_origin():
    nonces = {nonce(url, token) for url in ("http://a/x", "http://b/x", "https://a/x") for token in ("1", "2")}

    assert len(nonces) == 6
    assert nonce("http://a/x", "1") == nonce("http://a:80/y", "1")


def test_a_name_without_address_cannot_be_judged():
    with pytest.raises(UnreachableError, match=r"nowhere\.invalid"):
        refuse_strangers("http://nowhere.invalid/", TOKEN, i_own_this=False)


def test_too_low_a_hard_limit_is_refused_with_the_command_to_run(monkeypatch):
    monkeypatch.setattr(resource, "getrlimit", lambda which: (1024, 4096))

    with pytest.raises(DescriptorError, match=r"prlimit --pid \$\$ --nofile=10128:10128"):
        raise_descriptor_limit(10_000)


@pytest.mark.parametrize(("soft", "connections", "raised"), [(256, 500, [(628, 4096)]), (1024, 500, [])])
def test_the_soft_limit_is_raised_only_as_far_as_needed(monkeypatch, soft, connections, raised):
    calls = []
    monkeypatch.setattr(resource, "getrlimit", lambda which: (soft, 4096))
    monkeypatch.setattr(resource, "setrlimit", lambda which, limits: calls.append(limits))

    assert raise_descriptor_limit(connections) == (raised[0][0] if raised else soft)
    assert calls == raised


def test_a_target_is_looked_up_once_and_the_workers_are_given_its_address(monkeypatch):
    from camsim_loadtests import storm

    answers = iter(["127.0.0.1", "8.8.8.8", "8.8.8.8"])

    def look_up(host, port, *args, **kwargs):
        address = host if host[0].isdigit() else next(answers)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    seen = []
    monkeypatch.setattr(storm, "send_canary", lambda plan: seen.append(plan.settings.origin))
    monkeypatch.setattr(storm, "run", lambda settings, *args: seen.append(settings) or pytest.skip)
    monkeypatch.setattr(storm, "_judge", lambda request, *args: seen.append(request.settings))

    CliRunner().invoke(APP, ["http://rebind.test:1/callback", "--devices", "1", "--rate", "1", "--duration", "1s"])

    assert [found.address for found in seen] == ["127.0.0.1"] * 3
    assert seen[0].host == "rebind.test"


@pytest.mark.parametrize("host", ["[::ffff:169.254.169.254]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "2852039166"])
@pytest.mark.parametrize("option", ["target", "--readback"])
def test_a_form_that_hides_an_address_is_refused_as_target_and_as_read_back(host, option):
    words = [f"http://{host}/"] if option == "target" else ["http://127.0.0.1:9/", option, f"http://{host}/"]

    done = CliRunner().invoke(APP, words)

    assert (done.exit_code, "--i-own-this" in done.stderr) == (4, True)
