"""Rows of vouchers, their usage and their entries, each written as what differs from a plain one."""

BATCH = "JUMIA/NAV31AFR.BATCH.SRVC"
HAND = "JUMIA/ACCOUNTANT"


def entries(*rows: dict[str, str]) -> str:
    """Write entries of CR_03_MOV; what a row leaves out is that of a plain entry."""
    plain = {
        "id_company": "EC_NG", "posting_date": "2025-09-05", "group_coa_account_no": "18412", "chart_of_accounts_no": "184120",
        "reversed": "false", "user_id": BATCH, "amount": "-1",
    }  # fmt: skip
    return _text([{**plain, "entry_no": str(number), **row} for number, row in enumerate(rows, 1)])


def vouchers(*rows: dict[str, str]) -> str:
    """Write vouchers of IPE_08: a plain one is a valid, active refund voucher of 100 that nobody used."""
    plain = {
        "id_company": "EC_NG", "business_use": "refund", "is_active": "1", "is_valid": "valid", "discount_amount": "100",
        "created_at": "2025-08-01T00:00:00", "to_date": "2026-01-01T00:00:00", "remaining_amount": "100",
        "totalamountused": "0", "totalremainingamount": "100",
    }  # fmt: skip
    return _text([{**plain, "id": f"V{number}", **row} for number, row in enumerate(rows, 1)])


def usage(*rows: dict[str, str]) -> str:
    """Write rows of IPE_08_USAGE: a plain one is a refund voucher used in September 2025."""
    plain = {
        "id_company": "EC_NG", "business_use": "refund", "voucher_type": "reusablecredit", "delivery_mth": "202509",
        "last_package_delivery": "2025-09-10T00:00:00", "totalamountused": "1",
    }  # fmt: skip
    return _text([{**plain, "id": f"V{number}", **row} for number, row in enumerate(rows, 1)])


def jdash(*rows: dict[str, str]) -> str:
    """Write rows of JDASH, whose uploader named no company unless a row says so."""
    return _text([{"voucher_id": "V1", "amount_used": "0", "line_count": "1", **row} for row in rows], "voucher_id")


def _text(rows: list[dict[str, str]], header: str = "id_company") -> str:
    names = list(dict.fromkeys(name for row in rows for name in row)) or [header]
    return "\n".join(["|".join(names), *("|".join(row.get(name, "-") for name in names) for row in rows)])
