"""The routes and their views, of plain Django and of Django REST Framework."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse, JsonResponse
from django.urls import path
from rapidjwt.integrations.django import jwt_required
from rapidjwt.integrations.drf import has_scopes
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

if TYPE_CHECKING:
    from rapidjwt.integrations.django import JWTRequest
    from rest_framework.request import Request


@jwt_required()
def me(request: JWTRequest) -> HttpResponse:
    """Say who asks."""
    return JsonResponse({"user": request.jwt_claims["sub"]})


@jwt_required(scopes="orders:read")
async def order(request: JWTRequest, number: int) -> HttpResponse:
    """Show an order."""
    return JsonResponse({"order": number, "for": request.jwt_claims["name"]})


class WhoAmI(APIView):
    """Say who asks; the settings ask for a token."""

    def get(self, request: Request) -> Response:
        """Answer with the `sub` of the token."""
        return Response({"user": request.user.pk})


class Order(APIView):
    """Show an order to a token with the scope."""

    permission_classes = (IsAuthenticated, has_scopes("orders:read"))

    def get(self, request: Request, number: int) -> Response:
        """Answer with the order, in the name of the token."""
        claims: Any = request.auth
        return Response({"order": number, "for": claims["name"]})


urlpatterns = [
    path("me", me),
    path("orders/<int:number>", order),
    path("rest/me", WhoAmI.as_view()),
    path("rest/orders/<int:number>", Order.as_view()),
]
