"""A plain WSGI file: the settings call `install_as_jwt()`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "django_app.settings_on_rapidjwt"
application = get_wsgi_application()
