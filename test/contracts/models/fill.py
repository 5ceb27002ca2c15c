"""Fills the models that datamodel-code-generator made of shop.order.placed.v1.json, and prints one event for each kind of payment."""

from order_placed import (
    AuthorizedPayment,
    AwaitedPayment,
    CapturedPayment,
    Charge,
    Customer,
    Money,
    OrderLine,
    OrderPlacedData,
    Payment,
    PaymentOnDelivery,
    ShopOrderPlacedV1,
    TokenPayment,
)

payments = [
    TokenPayment(token="tok_visa"),
    CapturedPayment(kind="captured", reference="pi_1"),
    AuthorizedPayment(kind="authorized", reference="pi_1"),
    PaymentOnDelivery(kind="on-delivery"),
    AwaitedPayment(kind="awaited", until="2026-11-28T09:00:00+09:00"),
    AwaitedPayment(kind="awaited"),
]
for payment in payments:
    order = ShopOrderPlacedV1(
        id="e-1",
        source="/shop/checkout",
        type="shop.order.placed.v1",
        time="2026-11-26T09:00:00+09:00",
        data=OrderPlacedData(
            orderId="gid://shopify/Order/5",
            customer=Customer(phone="010-1234-5678"),
            payment=Payment(payment),
            items=[
                OrderLine(sku="의자 01", quantity=1, unitPrice=12000),
                OrderLine(quantity=1, unitPrice=500, tracked=False),
            ],
            charges=[Charge(kind="shipping", amount=3000), Charge(kind="discount", amount=-1000)],
            total=Money(amount=14500, currency="KRW"),
        ),
    )
    print(order.model_dump_json())
