from django.http import HttpResponse
from django.template import engines
from django.urls import path

from shop.models import Product


def show_product(request, pk):
    page = "{% load kindred %}{% kindred_similar product limit=4 %}{% kindred_widget product limit=4 %}"
    product = Product.objects.get(pk=pk)
    return HttpResponse(engines["django"].from_string(page).render({"product": product}, request))


urlpatterns = [path("things/<int:pk>/", show_product)]
