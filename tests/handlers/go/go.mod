module contoso.example/handler

go 1.19
