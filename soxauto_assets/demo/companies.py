"""The companies of the demo: domain section 11, with invented codes where it gives none.

Codes that begin with ``ZZ_`` exist in the demo only.
"""

from dataclasses import dataclass

from soxauto_assets.period import Period

FIRST = Period(2024, 8)
LAST = Period(2025, 10)
MONTHS = tuple(FIRST.through(LAST))


@dataclass(frozen=True)
class Company:
    """One company.

    Attributes:
        code: Company code.
        name: Company name.
        country: ISO country code.
        currency: Local currency.
        rate: Closing rate of 2025-09, local currency per US dollar, as text; None = the source has none.
        weight: Ordinary customer ledger entries per month at scale 1.
        in_scope: In the consolidation scope.
        active: Drives the close.
    """

    code: str
    name: str
    country: str
    currency: str
    rate: str | None
    weight: int
    in_scope: bool = True
    active: bool = True


COMPANIES = (
    Company("EC_NG", "Nigeria", "NG", "NGN", "1650", 70),
    Company("JD_GH", "Ghana", "GH", "GHS", "15.5", 40),
    Company("EC_IC", "Côte d'Ivoire", "CI", "XOF", "560.25", 35),
    Company("HF_SN", "Senegal", "SN", "XOF", "560.25", 25),
    Company("EC_KE", "Kenya", "KE", "KES", "142", 45),
    Company("JD_UG", "Uganda", "UG", "UGX", "3550", 25),
    Company("JD_DZ", "Algeria", "DZ", "DZD", "133.125", 30),
    Company("JM_EG", "Egypt", "EG", "EGP", "48.9", 55),
    Company("EC_MA", "Morocco", "MA", "MAD", "9.85", 35),
    Company("AT_TN", "Tunisia", "TN", "TND", "2.95", 8, active=False),
    Company("EC_CM", "Cameroon", "CM", "XAF", "560.25", 8, active=False),
    Company("ZZ_BF", "Burkina Faso", "BF", "XOF", "560.25", 8, active=False),
    Company("ZZ_TZ", "Tanzania", "TZ", "TZS", "2500", 8, active=False),
    Company("ZZ_ZA", "South Africa", "ZA", "ZAR", "17.35", 8, active=False),
    Company("ZZ_DE_USD", "Group, US dollar", "DE", "USD", "0.85", 8, in_scope=False, active=False),
    Company("ZZ_US", "United States", "US", "USD", None, 8, in_scope=False, active=False),
    Company("ZZ_AE", "Emirates", "AE", "AED", "3.6725", 8, in_scope=False, active=False),
)

COUNTRY_NAMES = {
    "NG": "Nigeria",
    "GH": "Ghana",
    "CI": "Cote d'Ivoire",
    "SN": "Senegal",
    "KE": "Kenya",
    "UG": "Uganda",
    "DZ": "Algeria",
    "EG": "Egypt",
    "MA": "Morocco",
    "TN": "Tunisia",
    "CM": "Cameroon",
    "BF": "Burkina Faso",
    "TZ": "Tanzania",
    "ZA": "South Africa",
    "DE": "Germany",
    "US": "United States of America",
    "AE": "United Arab Emirates",
}

CODES = tuple(company.code for company in COMPANIES)


def company(code: str) -> Company:
    """Return the company of that code."""
    return COMPANIES[CODES.index(code)]
