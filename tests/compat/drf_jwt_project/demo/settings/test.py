"""Settings of the Django project that drf-jwt's suite requires (`django_settings_module`).

The source package contains the suite without its project, so this is a substitute, based on the
suite's URL names and the package's documentation.
"""

SECRET_KEY = "a secret key that serves nothing but the tests of drf-jwt"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "rest_framework",
    "rest_framework_jwt",
    "rest_framework_jwt.blacklist",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework_jwt.authentication.JSONWebTokenAuthentication",
        "rest_framework.authentication.BasicAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "rest_framework_jwt.blacklist.permissions.IsNotBlacklisted",
    ],
}
ROOT_URLCONF = "demo.urls"
USE_TZ = True
