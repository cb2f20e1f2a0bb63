"""The same settings, in a project that calls `install_as_jwt()` here."""

import rapidjwt

rapidjwt.install_as_jwt()

from django_app.settings import *  # noqa: E402, F403 what imports jwt comes after
