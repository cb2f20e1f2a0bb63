"""Views that drf-jwt's suite calls: they respond 200 to anyone who may see them."""

from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_jwt.blacklist.permissions import IsNotBlacklisted
from rest_framework_jwt.permissions import IsSuperUser


class AuthenticatedView(APIView):
    permission_classes = (IsAuthenticated,)

    def get(self, request):
        return Response({"user": request.user.get_username()})


class SuperUserView(AuthenticatedView):
    permission_classes = (IsSuperUser,)


class NotBlacklistedView(AuthenticatedView):
    permission_classes = (IsNotBlacklisted,)
