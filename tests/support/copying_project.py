"""Our side of copies between organisations, driven through the program: a project of Google's, its account, what is copied for whom.

    project = CopyingProject(folder, server)        # of bigquery_server()
    project.run("journal", "migrate")
    project.add(org)                                # of google_billing.organisations()
    with job_service(project) as service: ...
"""
import itertools

import google_billing
from project import Project

NUMBERS = itertools.count(1)


class CopyingProject(Project):
    def __init__(self, folder, google):
        super().__init__(folder)
        google.control.heal()
        self.google, self.ours = google, f"acme-{next(NUMBERS)}"
        self.etl = f"etl@{self.ours}.iam.gserviceaccount.com"
        self.key = google.key_file(self.etl, {self.ours: "admin"})
        self.service = {"project_id": self.ours, "credentials_path": str(self.key), "endpoint_url": google.url, "retry_delay": "1s"}
        self.write_config()

    def write_config(self, extra=""):
        lines = ["[service]", *(f"{name} = {value if isinstance(value, int) else repr(str(value))}" for name, value in self.service.items())]
        super().write_config(extra)
        with open(self.folder / "config.toml", "a") as config:
            config.write("\n".join(lines) + "\n")

    def configured(self, **keys):
        self.service |= keys
        self.write_config()
        return self

    def add(self, org, reads_itself=False):
        """The organisation's side, and that it is copied. Its reader may read there, and ours may be it."""
        google_billing.create(self.google, org)
        return self.copy_from(org, reads_itself)

    def copy_from(self, org, reads_itself=False):
        """The same of an organisation whose table is there."""
        email = self.etl if reads_itself else org.reader
        if not reads_itself:
            self.google.key_file(email)
            self.google.control.grant(email=self.etl, role="tokenCreator", resource=email)
        self.let_read(email, org)
        account = [] if reads_itself else ["--service-account", email]
        self.run("journal", "set-client", org.number, "--source", org.table, *account)
        return org

    def let_read(self, email, org):
        for resource, role in ((org.project, "jobUser"), (org.dataset, "dataViewer")):
            self.google.control.grant(email=email, role=role, resource=resource)

    def copy_of(self, org):
        return f"{self.ours}.org_{org.number}_standard_export.org_{org.number}_standard_export_table"

    def is_equal(self, org, message=""):
        want = sum((day.content for day in org.truth.days.values()), google_billing.collections.Counter())
        have = google_billing.rows_in(self.google, self.copy_of(org), org.fields)
        assert have == want, f"{message}: {sum((want - have).values())} rows are missing, {sum((have - want).values())} too many"
