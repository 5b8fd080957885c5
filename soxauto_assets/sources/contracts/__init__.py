"""Source contracts: each logical source's columns, types and meaning, in one place.

One module per system of origin. What does not belong here: physical names (``bindings``) and SQL.
"""

from soxauto_assets.errors import CatalogError
from soxauto_assets.sources.contracts import bob, finrec, nav, oms, rec_errors, seller
from soxauto_assets.sources.model import SourceContract

CONTRACTS: dict[str, SourceContract] = {
    contract.name: contract for module in (nav, finrec, bob, oms, seller, rec_errors) for contract in module.CONTRACTS
}


def contract(name: str) -> SourceContract:
    """Return the contract of a logical source.

    Raises:
        CatalogError: No source of that name is declared.
    """
    if name not in CONTRACTS:
        raise CatalogError(
            f"{name!r} is no logical source; known are {', '.join(sorted(CONTRACTS))}",
            action="correct the table name in the item's SQL or add a source contract",
        )
    return CONTRACTS[name]
