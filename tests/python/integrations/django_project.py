"""A Django project in this process: its settings, its routes, its views."""

from __future__ import annotations

from functools import wraps

from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["testserver"],
    MIDDLEWARE=[
        "django.middleware.csrf.CsrfViewMiddleware",
        "rapidjwt.integrations.django.JWTMiddleware",
    ],
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": ["rapidjwt.integrations.drf.JWTAuthentication"],
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
        "UNAUTHENTICATED_USER": None,
    },
    ROOT_URLCONF=__name__,
    SECRET_KEY="the secret of a project that exists only in tests",
    USE_TZ=True,
)

import django  # noqa: E402 settings come first

django.setup()

from django.http import HttpResponse, JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils.decorators import method_decorator  # noqa: E402
from django.views import View  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402
from rapidjwt.integrations.django import jwt_required  # noqa: E402
from rapidjwt.integrations.drf import JWTAuthentication, has_scopes  # noqa: E402
from rest_framework.permissions import AllowAny  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402

from .tokens import SCOPE, verifier  # noqa: E402

protected_dispatch = method_decorator(jwt_required(scopes=SCOPE), name="dispatch")

VERIFIER = verifier()


def transparent(view):
    """Decorate as other packages do."""

    @wraps(view)
    def same(*args, **kwargs):
        return view(*args, **kwargs)

    return same


def answer_preflights(get_response):
    """Make a middleware that answers preflights, as that of django-cors-headers does."""

    def middleware(request):
        return HttpResponse() if request.method == "OPTIONS" else get_response(request)

    return middleware


def public(request):
    error = request.jwt_error
    return JsonResponse({"claims": request.jwt_claims, "error": error and error.error})


async def public_async(request):
    return public(request)


@jwt_required(scopes=SCOPE)
def scoped(request):
    return JsonResponse(request.jwt_claims)


@jwt_required(scopes=[SCOPE])
async def scoped_async(request):
    return JsonResponse(request.jwt_claims)


@jwt_required()
def item(request, number, word):
    return JsonResponse([item.__name__, request.method, number, word], safe=False)


class Sync(View):
    def get(self, request):
        return JsonResponse(request.jwt_claims)

    def post(self, request):
        return self.get(request)


class Async(View):
    async def get(self, request):
        return JsonResponse(request.jwt_claims)

    async def post(self, request):
        return await self.get(request)


@protected_dispatch
class SyncDispatch(Sync):
    pass


@protected_dispatch
class AsyncDispatch(Async):
    pass


@method_decorator([csrf_exempt, jwt_required(scopes=SCOPE), transparent], name="dispatch")
class AsyncDispatchOfMany(Async):
    pass


class AsyncDispatchOfItsOwn(Async):
    @method_decorator(jwt_required(scopes=SCOPE))
    async def dispatch(self, request):
        return await super().dispatch(request)


class Rest(APIView):
    def get(self, request):
        return Response({"user": str(request.user), "pk": request.user.pk, "auth": request.auth})


class RestScoped(Rest):
    permission_classes = (has_scopes(SCOPE),)


class RestPublic(Rest):
    permission_classes = (AllowAny,)

    def get(self, request):
        return Response({"user": request.user and request.user.pk})


class LooksUp(JWTAuthentication):
    def get_user(self, claims):
        return {"alice": "Alice herself"}.get(claims["sub"])


class RestLooksUp(APIView):
    authentication_classes = (LooksUp,)
    permission_classes = (AllowAny,)

    def get(self, request):
        return Response({"user": request.user})


urlpatterns = [
    path("public", public),
    path("public-async", public_async),
    path("scoped", scoped),
    path("scoped-async", scoped_async),
    path("items/<int:number>/<word>", item),
    path("class", jwt_required(scopes=SCOPE)(Sync.as_view())),
    path("class-async", jwt_required(scopes=SCOPE)(Async.as_view())),
    path("dispatch", SyncDispatch.as_view()),
    path("dispatch-async", AsyncDispatch.as_view()),
    path("dispatch-async-of-many", AsyncDispatchOfMany.as_view()),
    path("dispatch-async-of-its-own", AsyncDispatchOfItsOwn.as_view()),
    path("rest", Rest.as_view()),
    path("rest/scoped", RestScoped.as_view()),
    path("rest/public", RestPublic.as_view()),
    path("rest/looks-up", RestLooksUp.as_view()),
]
