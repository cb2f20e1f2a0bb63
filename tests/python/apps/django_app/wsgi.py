"""A WSGI file that calls `install_as_jwt()` before anything else."""

import os

import rapidjwt

rapidjwt.install_as_jwt()

from django.core.wsgi import get_wsgi_application  # noqa: E402 what imports jwt comes after

os.environ["DJANGO_SETTINGS_MODULE"] = "django_app.settings"
application = get_wsgi_application()
