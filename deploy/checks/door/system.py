"""All of Fitness Trainer in one process, for nginx to stand in front of."""

import json
import os
import re
import subprocess
import urllib.request

from door.nginx import LIMIT_SECONDS, wait_for


class System:
    """All services in one process, with their own database, broker and mailbox, and nginx in front."""

    def __init__(self, program, folder):
        self.output = folder / "system.log"
        environment = {**os.environ, "TRUSTED_PROXIES": "127.0.0.1"}
        for name in ("DATABASE_URL", "KAFKA_BROKERS", "SMTP_HOST"):
            environment.pop(name, None)
        with self.output.open("w") as output:
            command = [program, "--ephemeral", "--free-ports"]
            self.process = subprocess.Popen(command, env=environment, cwd=folder, stdout=output, stderr=output)
        self.addresses = wait_for("the table of addresses", self.table)

    def table(self):
        """The ports of the table at the start, once it is there."""
        text = self.output.read_text()
        assert self.process.poll() is None, text
        rows = dict(re.findall(r"^  (REST|mailbox) +http://127\.0\.0\.1:(\d+)$", text, re.M))
        return {name: int(port) for name, port in rows.items()} if "\n  data " in text else None

    def mail(self, address):
        """The latest mail to an address."""
        url = f"http://127.0.0.1:{self.addresses['mailbox']}/api/v1/search?query=to:{address}"
        with urllib.request.urlopen(url, timeout=LIMIT_SECONDS) as answer:
            messages = json.load(answer)["messages"]
        return messages[0] if messages else None

    def code(self, address):
        """The code in the latest mail to an address."""
        message = wait_for("the mail with the code", lambda: self.mail(address))
        url = f"http://127.0.0.1:{self.addresses['mailbox']}/api/v1/message/{message['ID']}"
        with urllib.request.urlopen(url, timeout=LIMIT_SECONDS) as answer:
            return re.search(r"^ *(\d{6})\s*$", json.load(answer)["Text"], re.M)[1]

    def stop(self):
        """Ends it."""
        self.process.terminate()
        self.process.wait(timeout=LIMIT_SECONDS)
