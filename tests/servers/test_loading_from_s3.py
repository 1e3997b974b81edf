"""What holds for bills in folders holds for bills in buckets: the same tests, with the project fixture of this folder."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from test_exact_sums import test_a_v2_bill_with_maps_and_its_own_columns, test_hand_written_hostile_bill  # noqa: E402,F401
from test_faults_and_refusals import (  # noqa: E402,F401
    test_a_broken_manifest_names_itself_and_stops_no_other,
    test_a_listed_file_that_is_missing_fails_its_month,
    test_one_bad_row_goes_to_quarantine_with_its_bytes_and_the_rest_is_loaded,
    test_too_many_bad_rows_refuse_the_delivery_and_keep_what_was_there,
)
from test_loading import *  # noqa: E402,F401,F403
from test_formats import (  # noqa: E402,F401
    bill_rows,
    test_a_bill_has_the_same_rows_and_sums_in_every_shape,
    v2_parquet,
)


def test_parquet_that_is_streamed_is_jumped_through_on_this_machine_and_leaves_nothing(project):
    bucket = project.add_export("payer-a")
    v2_parquet(bucket, bill_rows(300))
    project.write_config("[aws]\nkeep_staging = false")
    assert project.json("aws", "run-pipeline")["deliveries"][0]["rows"]["loaded"] == 300
    project.run("receipt", "verify")
    staging = project.folder / "data" / "staging"
    assert not staging.exists() or list(staging.rglob("*")) == []
