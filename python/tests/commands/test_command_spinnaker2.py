"""spinnprop spinnaker2."""



from spinnprop import _commands


def test_a_network_that_does_not_fit_exits_with_1(capsys):
    assert _commands.main(["spinnaker2", "fit", "784-350-10"]) == 0
    assert _commands.main(["spinnaker2", "fit", "784-1000000-10"]) == 1
    assert _commands.main(["spinnaker2", "fit", "784-1000000-10", "--json"]) == 1
