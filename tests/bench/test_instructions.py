"""The program executes no more instructions to load a bill than the figures of instructions.json allow."""
import shutil

import instructions
import pytest


@pytest.mark.parametrize("kind", instructions.INPUTS)
def test_a_load_executes_no_more_instructions_than_it_did(kind, capsys):
    if not shutil.which("valgrind"):
        pytest.skip("needs valgrind")
    if not instructions.has_avx2():
        pytest.skip("the figures are of processors with AVX2")
    by = instructions.compiler()
    known = instructions.known_figures().get(by, {}).get(kind)
    if known is None:
        pytest.skip(f"needs figures of {by}: instructions.py --update takes them")
    figure, costs = instructions.measured(kind)
    is_good, text = instructions.verdict(figure, known)
    with capsys.disabled():
        print(f"\n{instructions.told(kind, costs)}\n{text}")
    assert is_good, text


def test_more_than_five_percent_above_is_bad_and_far_below_is_told():
    assert instructions.verdict(1_050, 1_000)[0]
    is_good, text = instructions.verdict(1_051, 1_000)
    assert not is_good and "+5.10%" in text and "above" in text
    is_good, text = instructions.verdict(949, 1_000)
    assert is_good and "anew" in text
    assert "anew" not in instructions.verdict(960, 1_000)[1]


PROFILE = """events: Ir
ob=(1) /bin/program
fn=(1) main
10 5
cob=(2) /lib/library.so
cfn=(2) inflate
calls=1 20
11 700
+2 3
ob=(2)
fn=(2)
20 600
* 100
ob=(1)
fn=(3) other
-4 2
totals: 710
"""


def test_instructions_of_callees_are_those_of_their_own_object():
    assert dict(instructions.self_costs(PROFILE.splitlines())) == {"/bin/program": 10, "/lib/library.so": 700}


def test_a_profile_that_does_not_add_up_is_refused():
    with pytest.raises(ValueError, match="counted 711 instructions, its profile names 710"):
        instructions.self_costs(PROFILE.replace("710", "711").splitlines())
