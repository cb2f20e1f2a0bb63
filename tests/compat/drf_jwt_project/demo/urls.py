"""The URL names that drf-jwt's suite reverses."""

from django.urls import include, path
from rest_framework.routers import DefaultRouter
from rest_framework_jwt.blacklist.views import BlacklistView
from rest_framework_jwt.views import (
    impersonate_jwt_token,
    obtain_jwt_token,
    refresh_jwt_token,
    verify_jwt_token,
)

from demo import views

router = DefaultRouter()
router.register("blacklist", BlacklistView, basename="blacklist")

urlpatterns = [
    path("auth/", obtain_jwt_token, name="auth"),
    path("auth/refresh/", refresh_jwt_token, name="auth-refresh"),
    path("auth/verify/", verify_jwt_token, name="auth-verify"),
    path("impersonate/", impersonate_jwt_token, name="impersonate"),
    path("view/", views.AuthenticatedView.as_view(), name="test-view"),
    path("superuser/", views.SuperUserView.as_view(), name="superuser-test-view"),
    path("not-blacklisted/", views.NotBlacklistedView.as_view(), name="blacklist-test-view"),
    path("", include(router.urls)),
]
