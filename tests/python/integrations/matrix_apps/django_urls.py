"""Functions below /, coroutine functions below /async, class-based views below /class, REST."""

from django.http import JsonResponse
from django.urls import path
from django.utils.decorators import method_decorator
from django.views import View
from rapidjwt.integrations.django import jwt_required, metadata_response
from rapidjwt.integrations.drf import JWTAuthentication, has_any_scope, has_roles, has_scopes
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView
from shared import RESOURCE, ROUTES, answer, of_a_profile

#: What is in the settings here.
GLOBAL = {"sources", "error_body", "resource", "dpop"}


def view(request):
    return JsonResponse(answer(request.jwt_claims))


async def view_async(request):
    return view(request)


class OfClass(View):
    async def get(self, request):
        return view(request)

    post = get


class Rest(APIView):
    permission_classes = (IsAuthenticated,)

    def get(self, request):
        return Response({"sub": request.user and request.user.pk})

    post = get


class OfProfile(JWTAuthentication):
    verifier = of_a_profile


def rest(arguments):
    """Return the class for a route with the arguments that the other helpers take."""
    permissions = {
        "scopes": lambda: has_scopes(arguments["scopes"]),
        "any_scope": lambda: has_any_scope(*arguments["any_scope"]),
        "roles": lambda: has_roles(*arguments["roles"], claim=arguments["roles_claim"]),
        "optional": lambda: AllowAny,
    }
    chosen = [make() for name, make in permissions.items() if name in arguments]
    of_route = {"permission_classes": chosen if AllowAny in chosen else [IsAuthenticated, *chosen]}
    if "verifier" in arguments:
        of_route["authentication_classes"] = [OfProfile]
    return type("OfRoute", (Rest,), of_route)


def metadata(request):
    return metadata_response(RESOURCE)


urlpatterns = [
    path(f"{prefix}{RESOURCE.metadata_path[1:]}", metadata)
    for prefix in ("", "async/", "class/", "rest/")
]
for route, arguments in ROUTES.items():
    local = {name: value for name, value in arguments.items() if name not in GLOBAL}
    required = jwt_required(**local)
    of_class = method_decorator(required, name="dispatch")(type("OfRoute", (OfClass,), {}))
    urlpatterns += [
        path(route[1:], required(view)),
        path(f"async{route}", required(view_async)),
        path(f"class{route}", of_class.as_view()),
        path(f"rest{route}", rest(arguments).as_view()),
    ]
