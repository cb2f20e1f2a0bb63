from django.conf import settings

settings.configure(ALLOWED_HOSTS=["*"], SECRET_KEY="the secret of a project for tests")

import django  # noqa: E402 settings come first

django.setup()

from channels.generic.websocket import AsyncJsonWebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402
from django.urls import path  # noqa: E402
from rapidjwt.integrations.asgi import JWTMiddleware  # noqa: E402
from shared import SOCKETS, answer, verifier  # noqa: E402


class Live(AsyncJsonWebsocketConsumer):
    async def connect(self):
        await self.accept()
        await self.send_json(answer(self.scope["rapidjwt.claims"]))


sockets = JWTMiddleware(URLRouter([path("live", Live.as_asgi())]), verifier, sources=SOCKETS)
app = ProtocolTypeRouter({"http": get_asgi_application(), "websocket": sockets})
