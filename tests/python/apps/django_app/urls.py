"""Log in, refresh, verify, and one protected view."""

import jwt
import rapidjwt
from django.urls import path
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt.views import (
    TokenObtainPairView,
    TokenRefreshView,
    TokenVerifyView,
)


class WhoAmI(APIView):
    def get(self, request):
        return Response(
            {"user": request.user.get_username(), "on_rapidjwt": jwt.decode is rapidjwt.decode}
        )


urlpatterns = [
    path("login/", TokenObtainPairView.as_view()),
    path("refresh/", TokenRefreshView.as_view()),
    path("verify/", TokenVerifyView.as_view()),
    path("me/", WhoAmI.as_view()),
]
