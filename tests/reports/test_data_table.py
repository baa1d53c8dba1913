from xadapt.reports.data_table import inventory_table


def test_the_inventory_has_the_n_of_every_language(loses):
    row = inventory_table([loses]).rows[0]
    assert [cell.text for cell in row] == ["xnli", "hub", "test", "none", "en 2,000, de 2,000, sw 2,000", "3", "6,000"]
