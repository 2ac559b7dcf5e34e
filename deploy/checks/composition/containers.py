"""The services as processes, with the environment that their image and compose.yaml give them."""

import re
import subprocess
from pathlib import Path

from composition.reading import SERVICES, environment, image_name, secret_folder
from composition.servers import LIMIT_SECONDS, free_port


class Containers:
    """Runs services with the environment that image and compose.yaml give them, on this machine's ports."""

    def __init__(self, project, binary, image_environment, secrets, folder, postgres_port, broker_port):
        self.services, self.binary, self.folder, self.secrets = project["services"], binary, folder, secrets
        self.image_environment = image_environment
        self.ports = {"postgres:5432": postgres_port, "kafka:19092": broker_port, "mailpit:1025": 9}
        for name in SERVICES:
            for variable, address in image_environment.items():
                if variable.startswith(name.upper().replace("-", "_")):
                    self.ports[f"{name}:{address.rpartition(':')[2]}"] = free_port()
        self.running = {}

    def environment(self, name):
        """The variables of a container, with this machine's ports and folders in them."""
        service = self.services[name]
        image = image_name(service)
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        values = {}
        for variable, value in self.image_environment.items():
            port = self.ports.get(f"{image}:{value.rpartition(':')[2]}")
            values[variable] = f"127.0.0.1:{port}" if port else value
        values |= {**environment(service), "FILES_DIR": str(folder)}
        if "DATABASE_URL_FILE" in values:
            file = Path(values.pop("DATABASE_URL_FILE"))
            values["DATABASE_URL"] = (self.secrets / secret_folder(service) / file.name).read_text().strip()
        for variable, value in values.items():
            value = value.replace("/run/secrets", str(self.secrets / str(secret_folder(service))))
            for address, port in self.ports.items():
                value = re.sub(rf"(?<![a-z-]){re.escape(address)}\b", f"127.0.0.1:{port}", value)
            values[variable] = value
        if "SMTP_HOST" in values:
            values |= {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": "9"}
        # The collector is not there.
        values["OTEL_EXPORTER_OTLP_ENDPOINT"] = ""
        return values

    def run(self, name, *command):
        """Runs a command of a service to its end, in an empty folder."""
        image = image_name(self.services[name])
        return subprocess.run(
            [self.binary(image), *(command or self.services[name]["command"])],
            env=self.environment(name),
            cwd=self.folder / name,
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )

    def start(self, name):
        """Starts a service, which serves until `stop`."""
        with (self.folder / f"{name}.log").open("w") as output:
            self.running[name] = subprocess.Popen(
                [self.binary(name), "serve"],
                env=self.environment(name),
                cwd=self.folder / name,
                stdout=output,
                stderr=output,
            )

    def stop(self):
        """Asks all services to end, and waits for them."""
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            process.wait(timeout=LIMIT_SECONDS)
