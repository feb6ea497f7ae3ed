from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('servers', '0008_drafts'),
    ]

    operations = [
        migrations.CreateModel(
            name='AccountKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sealed', models.TextField(editable=False)),
            ],
            options={
                'default_permissions': (),
            },
        ),
    ]
