"""The code location: ``defs`` is what Dagster loads, with the settings of the environment and ``.env``."""

from dotenv import load_dotenv

from soxauto_assets.defs.build import build_defs
from soxauto_assets.settings import PROJECT, Settings

load_dotenv(PROJECT / ".env")
defs = build_defs(Settings.from_environment())
